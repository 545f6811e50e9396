// Attention over packs, backward, for compute capability 8.0 and up: ∂k and ∂v, and ∂q as float32 sums.
//
// Macros: ELEMENT BFloat16 or Float16, SIZE of a head, QUERY_ROWS and KEY_ROWS of the tiles, WARPS, SPLIT warps that share their keys,
// STAGES buffers of queries.
// Grid: items · keyHeads blocks: a work item is (document, tile of keys). The block walks the tiles of queries that see its keys, for each of
// the query heads of its key head, so that nobody else adds to its ∂k and ∂v: both are sums in a fixed order.
// Everything is computed with keys as rows: wᵀ = exp(k · qᵀ …) and ∂sᵀ are then, in registers, the left operands of ∂v += wᵀ · ∂o and
// ∂k += ∂sᵀ · q. Only ∂q = ∂s · k, a sum over all warps' keys, needs ∂s in shared memory.
// Warps: WARPS / SPLIT groups of 16 or 32 keys; with 32, what is read of queries serves two products, and reading shared memory is what
// limits this kernel. With SPLIT = 2 (where sums of so many keys do not fit a warp's registers) the two warps of a group compute half of the
// queries' weights each, exchange them through shared memory, and each sums half of the columns of ∂k and ∂v.
// ∂q is added by red.add.f32 to gradientQSum, whose order suits the product's registers: [tile][head][16 rows][8 columns][4 registers][32
// lanes], tile = queryBorders[d] / QUERY_ROWS + d + tile of the document; every instruction of a warp touches 128 bytes in a row.
// Shared memory: keys, values, STAGES × (queries, ∂o, logSumExp2, delta), ∂sᵀ and, with SPLIT = 2, wᵀ.
// Masks: as in forward.cu; what is not seen gets the weight 0. Rows past the end of a document are zeros.
// Called by AttentionBackward.cs, after attention_backward_prepare.
#include "Attention/backward.cuh"

using T = ELEMENT;
constexpr int Size = SIZE, QueryRows = QUERY_ROWS, KeyRows = KEY_ROWS, Warps = WARPS, Split = SPLIT, Stages = STAGES, Threads = Warps * 32;
constexpr int OwnQueries = QueryRows / Split, OwnColumns = Size / Split;
constexpr int GroupKeys = KeyRows / (Warps / Split), RowTiles = GroupKeys / 16; // keys of a group of warps, and its 16-row tiles
using Tile = SharedRows<Size>;
using Weights = SharedRows<QueryRows>;
constexpr int KeyBytes = KeyRows * Tile::RowBytes, QueryBytes = QueryRows * Tile::RowBytes, WeightBytes = KeyRows * Weights::RowBytes;
constexpr int RowBytes = QueryRows * 4; // logSumExp2 or delta
constexpr int StageBytes = 2 * QueryBytes + 2 * RowBytes;
constexpr int StagesOffset = 2 * KeyBytes, WeightsOffset = StagesOffset + Stages * StageBytes;
static_assert(RowTiles * 16 * Warps == KeyRows * Split && QueryRows % (16 * Split) == 0 && OwnColumns % 16 == 0 && StageBytes % 128 == 0);

// ∂q's product: warps as rows × columns; a warp's columns are pairs of 8, every ColumnWarps-th pair.
constexpr int ColumnWarps = COLUMN_WARPS, RowWarps = Warps / ColumnWarps;
constexpr int SumRowTiles = QueryRows / 16 / RowWarps, SumPairs = (Size / 16 + ColumnWarps - 1) / ColumnWarps;
static_assert(SumRowTiles * RowWarps * 16 == QueryRows);

using Scores = float[RowTiles][OwnQueries / 8][4];
using Sums = float[RowTiles][OwnColumns / 8][4];

extern __shared__ __attribute__((aligned(1024))) uint8 sharedBytes[];

/// products += rows · columnsᵀ over the head's elements: the group's keys against the warp's queries.
DEVICE void Products(Scores& products, SharedPlace keys, SharedPlace queries) {
#pragma unroll
  for (int k = 0; k < Size / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int m = 0; m < RowTiles; m++) LoadMatrices(a[m], Tile::Step(keys.base, 16 * m, 2 * k) + keys.offset);
#pragma unroll
    for (int n = 0; n < OwnQueries / 16; n++) {
      uint32 b[4];
      LoadMatrices(b, Tile::Step(queries.base, 16 * n, 2 * k) + queries.offset);
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        MultiplyAdd<T>(products[m][2 * n], a[m], b[0], b[1]);
        MultiplyAdd<T>(products[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/// sums += left · rows: the left operand from registers, or, where two warps hold its halves, from shared memory.
DEVICE void AddProducts(Sums& sums, const Scores& left, SharedPlace sharedLeft, SharedPlace queries) {
#pragma unroll
  for (int k = 0; k < QueryRows / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int m = 0; m < RowTiles; m++) {
      if constexpr (Split == 1)
        PackOperand<T>(a[m], left[m][2 * k], left[m][2 * k + 1]);
      else
        LoadMatrices(a[m], Weights::Step(sharedLeft.base, 16 * m, 2 * k) + sharedLeft.offset);
    }
#pragma unroll
    for (int n = 0; n < OwnColumns / 16; n++) {
      uint32 b[4];
      LoadMatricesTransposed(b, Tile::Step(queries.base, 16 * k, 2 * n) + queries.offset);
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        MultiplyAdd<T>(sums[m][2 * n], a[m], b[0], b[1]);
        MultiplyAdd<T>(sums[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/// gradientQSum's tile += ∂s · k.
DEVICE void AddQueryGradient(float* tile, uint32 gradients, uint32 keys, int lane, int rowWarp, int columnWarp) {
  float sums[SumRowTiles][SumPairs * 2][4];
#pragma unroll
  for (int i = 0; i < SumRowTiles; i++) Clear(sums[i]);
#pragma unroll
  for (int k = 0; k < KeyRows / 16; k++) {
    uint32 a[SumRowTiles][4];
#pragma unroll
    for (int i = 0; i < SumRowTiles; i++) LoadMatricesTransposed(a[i], Weights::Step(gradients, 16 * k, 2 * i * RowWarps));
#pragma unroll
    for (int n = 0; n < SumPairs; n++) {
      if (Size / 16 % ColumnWarps != 0 && n * ColumnWarps + columnWarp >= Size / 16) continue;
      uint32 b[4];
      LoadMatricesTransposed(b, Tile::Step(keys, 16 * k, 2 * n * ColumnWarps));
#pragma unroll
      for (int i = 0; i < SumRowTiles; i++) {
        MultiplyAdd<T>(sums[i][2 * n], a[i], b[0], b[1]);
        MultiplyAdd<T>(sums[i][2 * n + 1], a[i], b[2], b[3]);
      }
    }
  }
  float* target = tile + (rowWarp * (Size / 8) + columnWarp * 2) * 128 + lane;
#pragma unroll
  for (int i = 0; i < SumRowTiles; i++)
#pragma unroll
    for (int n = 0; n < SumPairs * 2; n++) {
      if (Size / 16 % ColumnWarps != 0 && n / 2 * ColumnWarps + columnWarp >= Size / 16) continue;
      constexpr int RowTileBytes = Size / 8 * 512;
      int offset = i * RowWarps * RowTileBytes + (n / 2 * ColumnWarps * 2 + n % 2) * 512;
#pragma unroll
      for (int r = 0; r < 4; r++) AddGlobal(target, offset + r * 128, sums[i][n][r]);
    }
}

/// What −delta is for the lane's queries (columns): where ∂w's product starts.
DEVICE void StartGradients(Scores& gradients, uint32 delta) {
#pragma unroll
  for (int n = 0; n < OwnQueries / 8; n++) {
    float pair[2];
    LoadSharedPair(pair, {delta, n * 32});
#pragma unroll
    for (int m = 0; m < RowTiles; m++)
#pragma unroll
      for (int i = 0; i < 4; i++) gradients[m][n][i] = -pair[i & 1];
  }
}

/// Weights and ∂s of the warp's keys (rows) and queries (columns), in place.
DEVICE void Weigh(Scores& scores, Scores& gradients, uint32 logSumExp2, float exponentScale) {
#pragma unroll
  for (int n = 0; n < OwnQueries / 8; n++) {
    float pair[2];
    LoadSharedPair(pair, {logSumExp2, n * 32});
#pragma unroll
    for (int m = 0; m < RowTiles; m++)
#pragma unroll
      for (int i = 0; i < 4; i++) Weigh(scores[m][n][i], gradients[m][n][i], exponentScale, pair[i & 1]);
  }
}

/// Stores a warp's weights or ∂s as 16-bit elements, keys as rows.
DEVICE void StoreWeights(SharedPlace place, const Scores& values) {
#pragma unroll
  for (int m = 0; m < RowTiles; m++) StoreSums<T, QueryRows>(place.base, place.offset + 16 * m * Weights::RowBytes, values[m], 1, 1);
}

/// What a block works on.
struct Work {
  int keyHead, documentIndex;
  Document document;
  int key, keys; // first key of the tile in its document, and how many the tile has

  DEVICE static Work Read(const AttentionParameters& p, int block) {
    Work w;
    int item = block / p.keyHeads;
    w.keyHead = block - item * p.keyHeads;
    w.documentIndex = p.work[2 * item];
    w.document = Document::Read(p, w.documentIndex);
    w.key = p.work[2 * item + 1] * KeyRows;
    w.keys = Min(KeyRows, w.document.keys - w.key);
    return w;
  }
};

/// A thread's places. The loop derives them anew where it needs them: kept, they would cost it registers.
struct Place {
  int lane, warp, groupRow, half;

  DEVICE explicit Place(int thread)
      : lane(thread & 31), warp(thread >> 5), groupRow((thread >> 5) / Split * GroupKeys), half((thread >> 5) % Split) {}

  DEVICE static uint32 Shared(int offset) { return SharedAddress(sharedBytes) + offset; }
  DEVICE int Query() const { return half * OwnQueries; } // the warp's first of the tile

  DEVICE uint32 Keys() const { return Shared(groupRow * Tile::RowBytes) + Tile::RowPlace(lane); } // as a left operand; the values follow
  DEVICE uint32 Queries(uint32 stage) const { return stage + Query() * Tile::RowBytes + Tile::ColumnPlace(lane); } // as columns; ∂o follows
  DEVICE uint32 QueryRow(uint32 stage) const { return stage + 2 * QueryBytes + (Query() + 2 * (lane & 3)) * 4; }   // logSumExp2; delta follows
  DEVICE uint32 QueryColumns(uint32 stage) const { return stage + Tile::RowPlace(lane) + half * (OwnColumns * 2); } // as rows; ∂o follows
  DEVICE uint32 Left() const { return Shared(WeightsOffset + groupRow * Weights::RowBytes) + Weights::RowPlace(lane); } // ∂s; weights follow
  DEVICE uint32 Stored() const { return SumsPlace<QueryRows>(Shared(WeightsOffset), lane, groupRow, Query() / 8); }
};

extern "C" __global__ void __launch_bounds__(Threads, 1) attention_backward_keys(const AttentionParameters p) {
  int thread = ThreadX();
  Work work = Work::Read(p, BlockX());
  const Document& document = work.document;
  int key = work.key, headsPerKey = p.heads / p.keyHeads;

  int queryFirst, queryEnd;
  document.QueriesSeeing(key, key + work.keys, queryFirst, queryEnd);
  queryFirst -= queryFirst % QueryRows;
  int head = work.keyHead * headsPerKey, headEnd = queryEnd > queryFirst ? head + headsPerKey : head, query = queryFirst;

  auto copyQueries = [&](uint32 stage, int head, int query) {
    int64 first = Opaque(document.firstQuery) + query;
    int valid = document.queries - query;
    CopyTile<QueryRows, Size, Threads>(stage, (const uint16*)p.q + first * p.qStride + head * Size, p.qStride, valid, thread);
    CopyTile<QueryRows, Size, Threads>(stage + QueryBytes, (const uint16*)p.gradientO + first * p.gradientOStride + head * Size,
                                       p.gradientOStride, valid, thread);
    static_assert(Threads >= 2 * QueryRows);
    int own = Opaque(thread);
    if (Threads == 2 * QueryRows || own < 2 * QueryRows) {
      int row = own % QueryRows;
      const float* source = (own < QueryRows ? p.logSumExp2 : p.delta) + (int64)head * p.tokens + first;
      CopyAsync4(stage + 2 * QueryBytes + own * 4, source + Min(row, valid - 1), row < valid);
    }
    CommitCopies();
  };
  auto copyNext = [&](uint32 stage) {
    bool last = query + QueryRows >= queryEnd;
    if (!last)
      copyQueries(stage, head, query + QueryRows);
    else if (head + 1 < headEnd)
      copyQueries(stage, head + 1, queryFirst);
  };

  Sums sumsK, sumsV;
#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
    Clear(sumsK[m]);
    Clear(sumsV[m]);
  }
  float exponentScale = ExponentScale(p);
  uint32 stage = Place::Shared(StagesOffset);

  if (head < headEnd) {
    int64 firstKey = document.firstKey + key;
    CopyTile<KeyRows, Size, Threads>(Place::Shared(0), (const uint16*)p.k + firstKey * p.kStride + work.keyHead * Size, p.kStride, work.keys,
                                     thread);
    CopyTile<KeyRows, Size, Threads>(Place::Shared(KeyBytes), (const uint16*)p.v + firstKey * p.vStride + work.keyHead * Size, p.vStride,
                                     work.keys, thread);
    copyQueries(stage, head, query);
  }
#pragma unroll 1
  while (head < headEnd) {
    WaitCopies<0>(); // the queries are there …
    SyncThreads();   // … for all threads, and all are done with the step before
    uint32 otherStage = Stages == 1 ? stage : 2 * Place::Shared(StagesOffset) + StageBytes - stage;
    if (Stages == 2) copyNext(otherStage);

    Scores scores, gradients;
    {
      Place at(Opaque(thread));
#pragma unroll
      for (int m = 0; m < RowTiles; m++) Clear(scores[m]);
      uint32 keys = at.Keys(), queries = at.Queries(stage);
      Products(scores, {keys, 0}, {queries, 0});
      StartGradients(gradients, at.QueryRow(stage) + RowBytes);
      Products(gradients, {keys, KeyBytes}, {queries, QueryBytes});
    }
    if (p.cap > 0) {
#pragma unroll
      for (int m = 0; m < RowTiles; m++) CapScores(scores[m], gradients[m], p.scale / Opaque(p.cap));
    }
    if (document.IsBorder(query, QueryRows, key, KeyRows)) {
      Place at(Opaque(thread));
#pragma unroll
      for (int m = 0; m < RowTiles; m++)
        MaskKeysByQueries(scores[m], document, key + at.groupRow + 16 * m + (at.lane >> 2), query + at.Query() + 2 * (at.lane & 3));
    }
    {
      Place at(Opaque(thread));
      Weigh(scores, gradients, at.QueryRow(stage), exponentScale);
      if (Split > 1) {
        StoreWeights({at.Stored(), WeightBytes}, scores);
        StoreWeights({at.Stored(), 0}, gradients);
        SyncThreads();
      } else if (p.gradientQSum)
        StoreWeights({at.Stored(), 0}, gradients);
    }
    {
      Place at(Opaque(thread));
      uint32 left = at.Left(), columns = at.QueryColumns(stage);
      AddProducts(sumsV, scores, {left, WeightBytes}, {columns, QueryBytes});
      AddProducts(sumsK, gradients, {left, 0}, {columns, 0});
    }

    if (Stages == 1 || (Split == 1 && p.gradientQSum)) SyncThreads(); // ∂s is there; all are done with queries and ∂o
    if (Stages == 1) copyNext(stage);
    if (p.gradientQSum) {
      Place at(Opaque(thread));
      int rowWarp = at.warp / ColumnWarps, columnWarp = at.warp % ColumnWarps;
      int64 tile = Opaque(document.firstQuery) / QueryRows + work.documentIndex + query / QueryRows;
      AddQueryGradient(p.gradientQSum + (tile * p.heads + head) * (QueryRows * Size),
                       Place::Shared(WeightsOffset) + Weights::ColumnPlace(at.lane, 2 * rowWarp),
                       Place::Shared(0) + Tile::RowPlace(at.lane, 2 * columnWarp), at.lane, rowWarp, columnWarp);
    }
    query += QueryRows;
    if (query >= queryEnd) {
      query = queryFirst;
      head++;
    }
    stage = otherStage;
  }

  // ∂k and ∂v pass through the places of keys and values to whole 16-byte chunks. What the block works on is read again, for the registers.
  WaitCopies<0>();
  SyncThreads();
  Place at(Opaque(thread));
  uint32 placeSums = SumsPlace<Size>(Place::Shared(0), at.lane, at.groupRow, at.half * (OwnColumns / 8));
#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
    StoreSums<T, Size>(placeSums, 16 * m * Tile::RowBytes, sumsK[m], p.scale, p.scale);
    StoreSums<T, Size>(placeSums, 16 * m * Tile::RowBytes + KeyBytes, sumsV[m], 1, 1);
  }
  SyncThreads();
  Work end = Work::Read(p, Opaque(BlockX()));
  int64 firstKey = end.document.firstKey + end.key;
  WriteTile<KeyRows, Size, Threads>((uint16*)p.gradientK + firstKey * p.gradientKStride + end.keyHead * Size, p.gradientKStride, end.keys,
                                    Place::Shared(0), thread);
  WriteTile<KeyRows, Size, Threads>((uint16*)p.gradientV + firstKey * p.gradientVStride + end.keyHead * Size, p.gradientVStride, end.keys,
                                    Place::Shared(KeyBytes), thread);
}
