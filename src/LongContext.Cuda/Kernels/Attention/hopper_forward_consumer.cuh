// A consumer warpgroup of the Hopper forward kernel: 64 queries, their products and their online softmax.
//
// A thread has rows g and g + 8 of its warp's 16 (g = lane / 4), of which columns 8j + 2c + {0, 1} (c = lane % 4): element i of S is row
// g + 8 (i / 2 % 2), key 8 (i / 4) + 2c + i % 2 of the tile. Four neighbouring lanes share a row.
#pragma once
#include "Attention/hopper_key_layout.cuh"

using Shape = KeyLayout<1>;

template <bool Cap> struct ForwardConsumer {
  static constexpr int SCount = Shape::Keys / 2, OCount = Shape::Size / 2, PCount = Shape::Keys / 4;
  using SProduct = Wgmma<Shape::Keys>;
  using OProduct = Wgmma<Shape::Size>;

  float s[SCount]; // scores, then their exponentials, of the tile after the one in p
  float o[OCount];
  uint32 p[PCount];
  float maximum[2], sum[2]; // by row; the sum over this thread's columns only
  float correction[2];      // what o and sum have to be multiplied with since the last tile
  float scale;              // scores · scale are exponents of 2
  float capScale;           // 2 · scale / cap · log2 e
  uint32 shared;
  uint32 slot;  // of the task and its queries
  uint32 tiles; // of keys consumed so far

  static DEVICE int Consumer() { return ThreadPlace::Read().warpgroup - 1; }
  DEVICE uint32 Queries() const { return shared + Shape::Q + slot * Shape::QBytes; }

  DEVICE void IssueScores() {
    using Rows = Operand<Shape::ChunkBytes>;
    WgmmaFence();
    Rows a = Rows::Along(Opaque(Queries())), b = Rows::Along(shared + Shape::K + tiles % Shape::KeyStages * Shape::KeyBytes);
    SProduct::template Shared<Element, 0, 0, false>(s, a.At(0), b.At(0));
#pragma unroll
    for (int i = 1; i < Shape::Size / 16; i++) {
      int chunk = i / (CHUNK / 16), within = i % (CHUNK / 16) * 32;
      SProduct::template Shared<Element, 0, 0, true>(s, a.At(chunk * Shape::QChunk + within), b.At(chunk * Shape::KeyChunk + within));
    }
    WgmmaCommit();
  }

  /// o += p · v, of the tile number `tile`.
  DEVICE void IssueOutput(uint32 tile) {
    using Rows = Operand<Shape::ChunkBytes>;
    WgmmaFence();
    Rows b = Rows::Across(shared + Shape::V + tile % Shape::KeyStages * Shape::KeyBytes, Shape::KeyChunk);
#pragma unroll
    for (int i = 0; i < Shape::Keys / 16; i++)
      OProduct::template Register<Element, 1>(o, p[4 * i], p[4 * i + 1], p[4 * i + 2], p[4 * i + 3], b.At(i * 16 * Shape::ChunkBytes));
    WgmmaCommit();
  }

  DEVICE void WaitFull(uint32 barriers, uint32 tile) {
    BarrierWait(shared + barriers + 8 * (tile % Shape::KeyStages), tile / Shape::KeyStages & 1);
  }
  DEVICE void Release(uint32 barriers, uint32 tile) { WarpArrive(shared + barriers + 8 * (tile % Shape::KeyStages)); }

  /// Scores of keys that a query does not see become −∞.
  DEVICE void Mask(const AttentionParameters& a, int tile) {
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
    int position = TASK(slot, position), keys = TASK(slot, keys);
#pragma unroll
    for (int r = 0; r < 2; r++) {
      int at = position + 16 * warp + lane / 4 + 8 * r;
      int column = tile * Shape::Keys + 2 * (lane % 4);
      int low = at - a.windowLeft - column, high = Min(keys, at + a.windowRight + 1) - column;
#pragma unroll
      for (int j = 0; j < SCount / 4; j++)
#pragma unroll
        for (int i = 0; i < 2; i++)
          if (8 * j + i < low || 8 * j + i >= high) s[4 * j + 2 * r + i] = -Infinity;
    }
  }

  /// s becomes exp2(scale · s − maximum); maximum, sum and correction follow.
  template <bool Masked> DEVICE void Softmax(const AttentionParameters& a, int tile) {
    if constexpr (Cap)
#pragma unroll
      for (int i = 0; i < SCount; i++) s[i] = TanhOfLog2(s[i] * capScale);
    if constexpr (Masked) Mask(a, tile);
    float highest[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float chains[2] = {maximum[r], -Infinity}; // two: one alone would wait for itself
#pragma unroll
      for (int j = 0; j < SCount / 4; j++) chains[j % 2] = __builtin_fmaxf(chains[j % 2], __builtin_fmaxf(s[4 * j + 2 * r], s[4 * j + 2 * r + 1]));
      highest[r] = __builtin_fmaxf(chains[0], chains[1]);
      highest[r] = __builtin_fmaxf(highest[r], ShuffleXor<1>(highest[r]));
      highest[r] = __builtin_fmaxf(highest[r], ShuffleXor<2>(highest[r]));
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float base = highest[r] == -Infinity ? 0 : highest[r]; // nothing seen yet: all exponentials are 0, not NaN
      float shift = base * scale;
      // From the difference: 1 to the bit where the maximum stays. maximum · scale − shift, in one instruction, would be shift's rounding,
      // and 2^that, once a tile, per cents over a million keys.
      correction[r] = Exp2((maximum[r] - base) * scale);
      maximum[r] = highest[r];
      float added = 0;
#pragma unroll
      for (int j = 0; j < SCount / 4; j++)
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float& x = s[4 * j + 2 * r + i];
          x = Exp2(x * scale - shift);
          added += x;
        }
      sum[r] = sum[r] * correction[r] + added;
    }
  }

  DEVICE void PackScores() {
#pragma unroll
    for (int i = 0; i < PCount; i++) p[i] = Pack<Element>(s[2 * i], s[2 * i + 1]);
  }

  /// The tile after the one whose exponentials are in p: its scores, beside the output of that one.
  template <bool Masked> DEVICE void Step(const AttentionParameters& a, int tile) {
    WaitFull(Shape::KFull, tiles);
    NamedSync<2 * WarpgroupThreads>(Shape::TurnBarrier + Consumer());
    Hold(o);
    Hold(p);
    IssueScores();
    WaitFull(Shape::VFull, tiles - 1);
    IssueOutput(tiles - 1);
    int next = Consumer() + 1;
    NamedArrive<2 * WarpgroupThreads>(Shape::TurnBarrier + (next == Shape::Consumers ? 0 : next));
    WgmmaWait<1>();
    Hold(s);
    Release(Shape::KEmpty, tiles);
    Softmax<Masked>(a, tile);
    Hold(s);
    WgmmaWait<0>();
    Hold(o);
    Release(Shape::VEmpty, tiles - 1);
#pragma unroll
    for (int i = 0; i < OCount; i++) o[i] *= correction[i / 2 % 2];
    PackScores();
    tiles++;
  }

  /// All tiles first ≤ tile < last, from the last one down.
  DEVICE void Run(const AttentionParameters& a, int first, int last) {
#pragma unroll
    for (int i = 0; i < OCount; i++) o[i] = 0;
    WaitFull(Shape::KFull, tiles);
    IssueScores();
    WgmmaWait<0>();
    Hold(s);
    Release(Shape::KEmpty, tiles);
    tiles++;
    int tile = last - 1;
    Softmax<true>(a, tile);
    PackScores();
    tile--;
    // Tiles that all 64 queries see whole need no mask: from wholeBegin on, below wholeEnd.
    int position = Uniform(TASK(slot, position));
    int wholeEnd = Min(Uniform(TASK(slot, keys)), position + a.windowRight + 1) / Shape::Keys;
    int wholeBegin = CeilDivide(Max(0, position + Shape::Rows - 1 - a.windowLeft), Shape::Keys);
    for (; tile >= first; tile--)
      if (!Cap && tile < wholeEnd && tile >= wholeBegin) // with a cap the mask is the least of it: one body less
        Step<false>(a, tile);
      else
        Step<true>(a, tile);
    WaitFull(Shape::VFull, tiles - 1);
    Hold(o);
    Hold(p);
    IssueOutput(tiles - 1);
    WgmmaWait<0>();
    Hold(o);
    Release(Shape::VEmpty, tiles - 1);
  }

  /// o / sum to memory by way of the consumer's own queries' place; log-sum-exp.
  DEVICE void Store(const AttentionParameters& a) {
    int row = TASK(slot, row), rows = TASK(slot, rows), head = TASK(slot, head);
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
    float factor[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float total = sum[r];
      total += ShuffleXor<1>(total);
      total += ShuffleXor<2>(total);
      int inTile = 16 * warp + lane / 4 + 8 * r;
      factor[r] = total > 0 ? Reciprocal(total) : total == 0 ? 0 : total; // a NaN stays one
      if (lane % 4 == 0 && inTile < rows)
        a.logSumExp[(int64)head * a.tokens + row + inTile] = total == 0 ? -Infinity : (maximum[r] * scale + Log2(total)) * Ln2;
    }
    NamedSync<WarpgroupThreads>(Shape::OwnBarrier + warpgroup - 1); // all warps are done with q
    StoreQueryRows<Shape>(Queries(), o, factor, (Element*)a.o + (int64)row * a.oStride + head * Shape::Size, a.oStride, rows);
  }
};

template <bool Cap> DEVICE void ConsumeForward(const AttentionParameters& a, int consumer) {
  ForwardConsumer<Cap> c;
  c.shared = SharedAddress(hopperShared);
  c.tiles = 0;
  c.scale = Cap ? a.cap * Log2E : a.scale * Log2E;
  c.capScale = Cap ? 2 * Log2E * a.scale * Reciprocal(a.cap) : 0;
  if (consumer == Shape::Consumers - 1) NamedArrive<2 * WarpgroupThreads>(Shape::TurnBarrier); // the first turn is consumer 0's
  for (uint32 units = 0;; units++) {
    c.slot = units % Shape::QStages * Shape::Consumers + consumer;
    BarrierWait(c.shared + Shape::QFull + 8 * c.slot, units / Shape::QStages & 1);
    if (Uniform(TASK(c.slot, rows)) < 0) break;
    c.maximum[0] = c.maximum[1] = -Infinity;
    c.sum[0] = c.sum[1] = 0;
    int first = Uniform(TASK(c.slot, first)), last = Uniform(TASK(c.slot, last));
    if (first < last)
      c.Run(a, first, last);
    else
#pragma unroll
      for (int i = 0; i < ForwardConsumer<Cap>::OCount; i++) c.o[i] = 0;
    c.Store(a);
    AsyncProxyFence(); // what this warp wrote and read there comes before the next queries
    WarpArrive(c.shared + Shape::QEmpty + 8 * c.slot);
  }
  if (consumer == 0) NamedSync<2 * WarpgroupThreads>(Shape::TurnBarrier); // takes the last turn, so that no barrier is left half full
}
