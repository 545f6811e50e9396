// A consumer warpgroup of the Hopper kernel for ∂q: 64 queries. Which thread has which element: as in hopper_forward_consumer.cuh.
#pragma once
#include "Attention/hopper_key_layout.cuh"

using Shape = KeyLayout<2>;

template <bool Cap> struct QueriesConsumer {
  static constexpr int SCount = Shape::Keys / 2, OCount = Shape::Size / 2, PCount = Shape::Keys / 4;
  using SProduct = Wgmma<Shape::Keys>;
  using OProduct = Wgmma<Shape::Size>;
  using Rows = Operand<Shape::ChunkBytes>;

  float gradientQ[OCount];
  float s[SCount], ds[SCount]; // scores and ∂w
  uint32 gradients[PCount];    // ∂s, packed
  float logSumExp[2], delta[2]; // by row
  float scale, capScale;        // as in the forward kernel
  uint32 shared;
  uint32 slot;
  uint32 tiles; // of keys consumed so far

  DEVICE uint32 Queries() const { return shared + Shape::Q + slot * 2 * Shape::QBytes; }

  /// d = rows of queries or ∂o · columnsᵀ of a tile of k or v.
  DEVICE void IssueScores(float (&d)[SCount], uint32 rows, uint32 columns) {
    Rows a = Rows::Along(Opaque(rows)), b = Rows::Along(columns);
    WgmmaFence();
    SProduct::template Shared<Element, 0, 0, false>(d, a.At(0), b.At(0));
#pragma unroll
    for (int i = 1; i < Shape::Size / 16; i++) {
      int chunk = i / (CHUNK / 16), within = i % (CHUNK / 16) * 32;
      SProduct::template Shared<Element, 0, 0, true>(d, a.At(chunk * Shape::QChunk + within), b.At(chunk * Shape::KeyChunk + within));
    }
    WgmmaCommit();
  }

  /// ∂q += ∂s · k.
  DEVICE void IssueSums(uint32 keys) {
    Rows b = Rows::Across(keys, Shape::KeyChunk);
    WgmmaFence();
#pragma unroll
    for (int i = 0; i < Shape::Keys / 16; i++)
      OProduct::template Register<Element, 1>(gradientQ, gradients[4 * i], gradients[4 * i + 1], gradients[4 * i + 2], gradients[4 * i + 3],
                                              b.At(i * 16 * Shape::ChunkBytes));
    WgmmaCommit();
  }

  /// ∂s of a tile, packed; s and ds end as it grows.
  template <bool Masked> DEVICE void Gradients(const AttentionParameters& a, int tile) {
    int low[2], high[2];
    if constexpr (Masked) {
      auto [lane, warp, warpgroup] = ThreadPlace::Read();
#pragma unroll
      for (int r = 0; r < 2; r++) {
        int at = TASK(slot, position) + 16 * warp + lane / 4 + 8 * r, column = tile * Shape::Keys + 2 * (lane % 4);
        low[r] = at - a.windowLeft - column;
        high[r] = Min(TASK(slot, keys), at + a.windowRight + 1) - column;
      }
    }
#pragma unroll
    for (int j = 0; j < SCount / 4; j++) {
#pragma unroll
      for (int r = 0; r < 2; r++) {
        float g[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float x = s[4 * j + 2 * r + i], slope = 1;
          if constexpr (Cap) {
            x = TanhOfLog2(x * capScale);
            slope = 1 - x * x;
          }
          g[i] = Exp2(x * scale - logSumExp[r]) * slope * (ds[4 * j + 2 * r + i] - delta[r]);
          if constexpr (Masked) g[i] = 8 * j + i >= low[r] && 8 * j + i < high[r] ? g[i] : 0;
        }
        gradients[2 * j + r] = Pack<Element>(g[0], g[1]);
      }
      Hold(gradients, 2 * j);
    }
  }

  template <bool Masked> DEVICE void Step(const AttentionParameters& a, int tile) {
    uint32 stage = tiles % Shape::KeyStages, parity = tiles / Shape::KeyStages & 1;
    uint32 k = shared + Shape::K + stage * Shape::KeyBytes, v = shared + Shape::V + stage * Shape::KeyBytes;
    BarrierWait(shared + Shape::KFull + 8 * stage, parity);
    IssueScores(s, Queries(), k);
    BarrierWait(shared + Shape::VFull + 8 * stage, parity);
    IssueScores(ds, Queries() + Shape::QBytes, v);
    WgmmaWait<0>();
    Hold(s);
    Hold(ds);
    WarpArrive(shared + Shape::VEmpty + 8 * stage);
    Gradients<Masked>(a, tile);
    Hold(gradients);
    Hold(gradientQ);
    IssueSums(k);
    WgmmaWait<0>();
    Hold(gradientQ);
    WarpArrive(shared + Shape::KEmpty + 8 * stage);
    tiles++;
  }

  DEVICE void Run(const AttentionParameters& a) {
#pragma unroll
    for (int i = 0; i < OCount; i++) gradientQ[i] = 0;
    {
      auto [lane, warp, warpgroup] = ThreadPlace::Read();
      int64 first = (int64)TASK(slot, head) * a.tokens + TASK(slot, row);
#pragma unroll
      for (int r = 0; r < 2; r++) {
        int row = 16 * warp + lane / 4 + 8 * r;
        bool valid = row < TASK(slot, rows);
        logSumExp[r] = valid ? a.logSumExp2[first + row] : Infinity;
        delta[r] = valid ? a.delta[first + row] : 0;
      }
    }
    // Tiles that all 64 queries see whole need no mask: from wholeBegin on, below wholeEnd.
    int position = Uniform(TASK(slot, position));
    int wholeEnd = Min(Uniform(TASK(slot, keys)), position + a.windowRight + 1) / Shape::Keys;
    int wholeBegin = CeilDivide(Max(0, position + Shape::Rows - 1 - a.windowLeft), Shape::Keys);
    int first = Uniform(TASK(slot, first));
    for (int tile = Uniform(TASK(slot, last)) - 1; tile >= first; tile--)
      if (!Cap && tile < wholeEnd && tile >= wholeBegin)
        Step<false>(a, tile);
      else
        Step<true>(a, tile);
  }

  DEVICE void Store(const AttentionParameters& a) {
    int row = TASK(slot, row), rows = TASK(slot, rows), head = TASK(slot, head);
    float factor[2] = {a.scale, a.scale};
    NamedSync<WarpgroupThreads>(Shape::OwnBarrier + ThreadPlace::Read().warpgroup - 1); // all warps are done with q
    StoreQueryRows<Shape>(Queries(), gradientQ, factor, (Element*)a.gradientQ + (int64)row * a.gradientQStride + head * Shape::Size, a.gradientQStride, rows);
  }
};

template <bool Cap> DEVICE void ConsumeQueries(const AttentionParameters& a, int consumer) {
  QueriesConsumer<Cap> c;
  c.shared = SharedAddress(hopperShared);
  c.tiles = 0;
  c.scale = Cap ? a.cap * Log2E : a.scale * Log2E;
  c.capScale = Cap ? 2 * Log2E * a.scale * Reciprocal(a.cap) : 0;
  for (uint32 units = 0;; units++) {
    c.slot = units % Shape::QStages * Shape::Consumers + consumer;
    BarrierWait(c.shared + Shape::QFull + 8 * c.slot, units / Shape::QStages & 1);
    if (Uniform(TASK(c.slot, rows)) < 0) break;
    c.Run(a);
    c.Store(a);
    AsyncProxyFence(); // what this warp wrote and read there comes before the next queries
    WarpArrive(c.shared + Shape::QEmpty + 8 * c.slot);
  }
}
