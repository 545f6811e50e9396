// A consumer warpgroup of the Hopper backward kernel: 64 keys, their ∂k and ∂v, and its half of each ∂q tile.
//
// A thread has keys g and g + 8 of its warp's 16 (g = lane / 4), against queries 8j + 2c + {0, 1} (c = lane % 4): element i of the scores is
// key g + 8 (i / 2 % 2), query 8 (i / 4) + 2c + i % 2 of the tile.
#pragma once
#include "Attention/hopper_backward_layout.cuh"

template <bool Cap, bool SumQ> struct BackwardConsumer {
  static constexpr int SCount = Backward::Queries / 2, OCount = Backward::Size / 2, PCount = Backward::Queries / 4, QCount = Backward::SumColumns / 2;
  using SProduct = Wgmma<Backward::Queries>;
  using OProduct = Wgmma<Backward::Size>;
  using QProduct = Wgmma<Backward::SumColumns>;
  using Rows = Operand<Backward::ChunkBytes>;

  float gradientK[OCount], gradientV[OCount];
  float s[SCount];  // scores, then weights (times the cap's slope)
  float ds[SCount]; // ∂w, then ∂s
  uint32 weights[PCount], gradients[PCount]; // left operands: wᵀ and ∂sᵀ
  float scale, capScale;                     // as in the forward kernel
  uint32 shared;
  uint32 slot;  // of the unit
  uint32 steps; // so far


  /// d = rows (this consumer's 64 of a tile of keys) · columnsᵀ (a tile of queries).
  DEVICE void IssueScores(float (&d)[SCount], uint32 rows, uint32 columns) {
    Rows a = Rows::Along(Opaque(rows)), b = Rows::Along(columns);
    WgmmaFence();
    SProduct::template Shared<Element, 0, 0, false>(d, a.At(0), b.At(0));
#pragma unroll
    for (int i = 1; i < Backward::Size / 16; i++) {
      int chunk = i / 4, within = i % 4 * 32;
      SProduct::template Shared<Element, 0, 0, true>(d, a.At(chunk * Backward::KeyChunk + within), b.At(chunk * Backward::QueryChunk + within));
    }
    WgmmaCommit();
  }

  /// d += left · rows of a tile of queries.
  DEVICE void IssueSums(float (&d)[OCount], const uint32 (&left)[PCount], uint32 rows) {
    Rows b = Rows::Across(rows, Backward::QueryChunk);
    WgmmaFence();
#pragma unroll
    for (int i = 0; i < Backward::Queries / 16; i++)
      OProduct::template Register<Element, 1>(d, left[4 * i], left[4 * i + 1], left[4 * i + 2], left[4 * i + 3], b.At(i * 16 * Backward::ChunkBytes));
    WgmmaCommit();
  }

  /// d = ∂s · k: this consumer's square of the tile of ∂q. Both operands lie across.
  DEVICE void IssueQuerySums(float (&d)[QCount], uint32 scores) {
    int consumer = Uniform(ThreadPlace::Read().warpgroup) - 1;
    Rows a = Rows::Across(scores + (Backward::Queries == 64 ? 0 : consumer) * Backward::Keys * Backward::ChunkBytes, 16);
    Rows b = Rows::Across(shared + Backward::K + (Backward::Queries == 64 ? consumer : 0) * Backward::KeyChunk, Backward::KeyChunk);
    WgmmaFence();
    QProduct::template Shared<Element, 1, 1, false>(d, a.At(0), b.At(0));
#pragma unroll
    for (int i = 1; i < Backward::Keys / 16; i++)
      QProduct::template Shared<Element, 1, 1, true>(d, a.At(i * 16 * Backward::ChunkBytes), b.At(i * 16 * Backward::ChunkBytes));
    WgmmaCommit();
  }

  /// Which columns of the tile from `query` on see this thread's upper (r = 0) or lower key: low ≤ column − 2c < high.
  DEVICE void Seen(const AttentionParameters& a, int r, int query, int& low, int& high) const {
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
    int key = TASK(slot, key) + Backward::Rows * (warpgroup - 1) + 16 * warp + lane / 4 + 8 * r;
    int column = query + TASK(slot, shift) + 2 * (lane % 4); // position of column 0
    low = key - a.windowRight - column;
    high = key < TASK(slot, keys) ? key + a.windowLeft - column + 1 : low;
  }

  /// Scores to weights, packed; s keeps what ∂w − delta is multiplied by.
  template <bool Masked> DEVICE void Weights(const AttentionParameters& a, uint32 stage, int query) {
    uint32 rows = shared + Backward::LogSumExp + stage * Backward::RowBytes + 8 * (ThreadPlace::Read().lane % 4);
    int low[2], high[2];
    if constexpr (Masked)
#pragma unroll
      for (int r = 0; r < 2; r++) Seen(a, r, query, low[r], high[r]);
#pragma unroll
    for (int j = 0; j < SCount / 4; j++) {
      float logSumExp[2];
      SharedLoad(rows + 32 * j, logSumExp[0], logSumExp[1]);
#pragma unroll
      for (int r = 0; r < 2; r++) {
        float w[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float& x = s[4 * j + 2 * r + i];
          float slope = 1;
          if constexpr (Cap) {
            x = TanhOfLog2(x * capScale);
            slope = 1 - x * x;
          }
          w[i] = Exp2(x * scale - logSumExp[i]);
          if constexpr (Masked) w[i] = 8 * j + i >= low[r] && 8 * j + i < high[r] ? w[i] : 0;
          x = Cap ? w[i] * slope : w[i];
        }
        weights[2 * j + r] = Pack<Element>(w[0], w[1]);
      }
    }
  }

  template <bool Masked> DEVICE void Gradients(const AttentionParameters& a, uint32 stage, int query) {
    uint32 rows = shared + Backward::Delta + stage * Backward::RowBytes + 8 * (ThreadPlace::Read().lane % 4);
    int low[2], high[2];
    if constexpr (Masked)
#pragma unroll
      for (int r = 0; r < 2; r++) Seen(a, r, query, low[r], high[r]);
#pragma unroll
    for (int j = 0; j < SCount / 4; j++) {
      float delta[2];
      SharedLoad(rows + 32 * j, delta[0], delta[1]);
#pragma unroll
      for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float& x = ds[4 * j + 2 * r + i];
          x = s[4 * j + 2 * r + i] * (x - delta[i]);
          if constexpr (Masked) x = 8 * j + i >= low[r] && 8 * j + i < high[r] ? x : 0; // a NaN among what is not seen stays out
        }
        gradients[2 * j + r] = Pack<Element>(ds[4 * j + 2 * r], ds[4 * j + 2 * r + 1]);
      }
    }
  }

  /// Both at once, for tiles of 128 queries: s and ds become operands as they go, where Weights keeps s and has its operands besides.
  template <bool Masked> DEVICE void WeightsAndGradients(const AttentionParameters& a, uint32 stage, int query) {
    uint32 rows = shared + Backward::LogSumExp + stage * Backward::RowBytes + 8 * (ThreadPlace::Read().lane % 4);
    int low[2], high[2];
    if constexpr (Masked)
#pragma unroll
      for (int r = 0; r < 2; r++) Seen(a, r, query, low[r], high[r]);
#pragma unroll
    for (int j = 0; j < SCount / 4; j++) {
      float logSumExp[2], delta[2];
      SharedLoad(rows + 32 * j, logSumExp[0], logSumExp[1]);
      SharedLoad(rows + 32 * j + (Backward::Delta - Backward::LogSumExp), delta[0], delta[1]);
#pragma unroll
      for (int r = 0; r < 2; r++) {
        float w[2], g[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
          float x = s[4 * j + 2 * r + i], slope = 1;
          if constexpr (Cap) {
            x = TanhOfLog2(x * capScale);
            slope = 1 - x * x;
          }
          w[i] = Exp2(x * scale - logSumExp[i]);
          g[i] = w[i] * slope * (ds[4 * j + 2 * r + i] - delta[i]);
          if constexpr (Masked) {
            bool seen = 8 * j + i >= low[r] && 8 * j + i < high[r];
            w[i] = seen ? w[i] : 0;
            g[i] = seen ? g[i] : 0;
          }
        }
        weights[2 * j + r] = Pack<Element>(w[0], w[1]);
        gradients[2 * j + r] = Pack<Element>(g[0], g[1]);
      }
      Hold(weights, 2 * j);
      Hold(gradients, 2 * j);
    }
  }

  DEVICE void StoreGradients(uint32 scores) {
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
#pragma unroll
    for (int j = 0; j < SCount / 4; j++)
#pragma unroll
      for (int r = 0; r < 2; r++) {
        int row = Backward::Rows * (warpgroup - 1) + 16 * warp + lane / 4 + 8 * r, column = 8 * j + 2 * (lane % 4);
        SharedStore(scores + column / 64 * Backward::Keys * 128 + SwizzledOffset<128>(row, column % 64 * 2), gradients[2 * j + r]);
      }
    AsyncProxyFence();
  }

  /// This warp's piece of the ∂q tile goes on its way to be added.
  DEVICE void AddQuerySums(const float (&d)[QCount], float* tile) {
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
    int consumer = warpgroup - 1;
    uint32 piece = shared + Backward::Sums + (4 * consumer + warp) * Backward::SumBytes;
    BulkWaitRead(); // lane 0's: the piece before has been read; the others have none to wait for, and a branch amid the products costs more
    SyncWarp();
#pragma unroll
    for (int i = 0; i < QCount; i++) SharedStore(piece + 128 * i + 4 * lane, __builtin_bit_cast(uint32, d[i]));
    AsyncProxyFence();
    SyncWarp();
    int rowTile = Backward::Queries == 64 ? warp : 4 * consumer + warp, columnTile = Backward::Queries == 64 ? 8 * consumer : 0;
    uint64 target = (uint64)(const __attribute__((address_space(1))) float*)(tile + (rowTile * (Backward::Size / 8) + columnTile) * 128);
    WarpBulkReduceAdd(target, piece, Backward::SumBytes);
  }

  template <bool Masked> DEVICE void Step(const AttentionParameters& a, int head, int query) {
    uint32 stage = StageOf(steps), parity = ParityOf(steps);
    uint32 q = shared + Backward::Q + stage * Backward::QueryBytes, gradientO = shared + Backward::GradientO + stage * Backward::QueryBytes;
    uint32 ownRows = (Uniform(ThreadPlace::Read().warpgroup) - 1) * Backward::Rows * Backward::ChunkBytes;
    BarrierWait(shared + Backward::QFull + 8 * stage, parity);
    IssueScores(s, shared + Backward::K + ownRows, q);
    BarrierWait(shared + Backward::OFull + 8 * stage, parity);
    IssueScores(ds, shared + Backward::V + ownRows, gradientO);
    if constexpr (Backward::Queries == 64) {
      WgmmaWait<1>();
      Hold(s);
      Weights<Masked>(a, stage, query); // beside ∂w's product
      Hold(weights);
      Hold(gradientV);
      IssueSums(gradientV, weights, gradientO);
      WgmmaWait<1>();
      Hold(ds);
      Gradients<Masked>(a, stage, query); // beside ∂v's product
    } else {
      WgmmaWait<0>();
      Hold(s);
      Hold(ds);
      WeightsAndGradients<Masked>(a, stage, query);
      Hold(weights);
      Hold(gradientV);
      IssueSums(gradientV, weights, gradientO);
    }
    Hold(gradients);
    Hold(gradientK);
    if constexpr (SumQ) {
      uint32 scores = shared + Backward::Scores + StageOf(steps) * Backward::ScoreBytes;
      StoreGradients(scores);
      NamedSync<Backward::Consumers * WarpgroupThreads>(Backward::ScoresBarrier);
      float d[QCount];
      IssueQuerySums(d, scores);
      IssueSums(gradientK, gradients, q);
      WgmmaWait<2>();
      WarpArrive(shared + Backward::OEmpty + 8 * stage);
      WgmmaWait<1>();
      Hold(d);
      int64 tile = TASK(slot, sumTile) + query / Backward::Queries;
      AddQuerySums(d, a.gradientQSum + (tile * a.heads + head) * (Backward::Queries * Backward::Size)); // beside ∂k's product
    } else {
      IssueSums(gradientK, gradients, q);
      WgmmaWait<1>();
      WarpArrive(shared + Backward::OEmpty + 8 * stage);
    }
    WgmmaWait<0>();
    Hold(gradientV);
    Hold(gradientK);
    WarpArrive(shared + Backward::QEmpty + 8 * stage);
    steps++;
  }

  /// This warp's 16 keys' sums · factor to memory, by way of its rows of v's place.
  DEVICE void Store(const float (&d)[OCount], float factor, void* gradient, int stride) {
    uint32 tile = shared + Backward::V;
    auto [lane, warp, warpgroup] = ThreadPlace::Read();
    int firstRow = Backward::Rows * (warpgroup - 1) + 16 * warp, key = TASK(slot, key), keys = TASK(slot, keys);
#pragma unroll
    for (int i = 0; i < OCount; i += 2) {
      int row = firstRow + lane / 4 + 8 * (i / 2 % 2), column = 8 * (i / 4) + 2 * (lane % 4);
      SharedStore(tile + column / 64 * Backward::KeyChunk + SwizzledOffset<128>(row, column % 64 * 2), Pack<Element>(d[i] * factor, d[i + 1] * factor));
    }
    SyncWarp();
    constexpr int Pieces = Backward::Size / 8;
    Element* target = (Element*)gradient + (int64)(TASK(slot, firstKey) + key) * stride + TASK(slot, keyHead) * Backward::Size;
#pragma unroll
    for (int i = 0; i < 16 * Pieces / 32; i++) {
      int piece = lane + 32 * i, row = firstRow + piece / Pieces, column = piece % Pieces * 8;
      uint32 x, y, z, w;
      SharedLoad(tile + column / 64 * Backward::KeyChunk + SwizzledOffset<128>(row, column % 64 * 2), x, y, z, w);
      if (key + row < keys) GlobalStore(target + (int64)row * stride + column, x, y, z, w);
    }
    SyncWarp();
  }

  DEVICE void Run(const AttentionParameters& a, int group) {
#pragma unroll
    for (int i = 0; i < OCount; i++) gradientK[i] = gradientV[i] = 0;
    // All of this consumer's keys are seen by all queries of a tile that starts from wholeFrom to wholeTo; the others need the mask.
    int key = Uniform(TASK(slot, key)) + Backward::Rows * (Uniform(ThreadPlace::Read().warpgroup) - 1), shift = Uniform(TASK(slot, shift));
    int wholeFrom = key + Backward::Rows - 1 - a.windowRight - shift, wholeTo = key + a.windowLeft - (Backward::Queries - 1) - shift;
    if (key + Backward::Rows > Uniform(TASK(slot, keys))) wholeTo = wholeFrom - 1;
    int head = Uniform(TASK(slot, keyHead)) * group, query = Uniform(TASK(slot, query));
    for (int left = Uniform(TASK(slot, tiles)) * group; left > 0; left--) {
      if (!Cap && query >= wholeFrom && query <= wholeTo)
        Step<false>(a, head, query);
      else
        Step<true>(a, head, query);
      query += Backward::Queries;
      if (query >= Uniform(TASK(slot, query) + TASK(slot, tiles) * Backward::Queries)) {
        query = Uniform(TASK(slot, query));
        head++;
      }
    }
  }
};

template <bool Cap, bool SumQ> DEVICE void ConsumeBackward(const AttentionParameters& a, int consumer) {
  BackwardConsumer<Cap, SumQ> c;
  c.shared = SharedAddress(hopperShared);
  c.steps = 0;
  c.scale = Cap ? a.cap * Log2E : a.scale * Log2E;
  c.capScale = Cap ? 2 * Log2E * a.scale * Reciprocal(a.cap) : 0;
  int group = a.heads / a.keyHeads;
  for (uint32 units = 0;; units++) {
    c.slot = StageOf(units);
    BarrierWait(c.shared + Backward::TaskFull + 8 * c.slot, ParityOf(units));
    if (Uniform(TASK(c.slot, tiles)) < 0) break;
    BarrierWait(c.shared + Backward::KeysFull, units & 1);
    c.Run(a, group);
    NamedSync<WarpgroupThreads>(Backward::OwnBarrier + consumer); // all of its warps are done with its rows of v
    c.Store(c.gradientV, 1, a.gradientV, a.gradientVStride);
    c.Store(c.gradientK, a.scale, a.gradientK, a.gradientKStride);
    AsyncProxyFence();
    WarpArrive(c.shared + Backward::KeysEmpty);
    WarpArrive(c.shared + Backward::TaskEmpty + 8 * c.slot);
  }
  if (SumQ && Lane() == 0) BulkWait(); // shared memory lives until the last piece is added
}
