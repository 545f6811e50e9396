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
static_assert(RowTiles * 16 * Warps == KeyRows * Split && QueryRows % (16 * Split) == 0 && OwnColumns % 16 == 0 && StageBytes % 128 == 0);

// ∂q's product: warps as rows × columns; a warp's columns are pairs of 8, every ColumnWarps-th pair.
constexpr int ColumnWarps = COLUMN_WARPS, RowWarps = Warps / ColumnWarps;
constexpr int SumRowTiles = QueryRows / 16 / RowWarps, SumPairs = (Size / 16 + ColumnWarps - 1) / ColumnWarps;
static_assert(SumRowTiles * RowWarps * 16 == QueryRows);

using Scores = float[RowTiles][OwnQueries / 8][4];
using Sums = float[RowTiles][OwnColumns / 8][4];

extern __shared__ __attribute__((aligned(1024))) uint8 sharedBytes[];

/// products += rows · columnsᵀ over the head's elements: the group's keys against the warp's queries.
DEVICE void Products(Scores& products, uint32 keys, uint32 queries) {
#pragma unroll
  for (int k = 0; k < Size / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int m = 0; m < RowTiles; m++) LoadMatrices(a[m], Tile::Step(keys, 16 * m, 2 * k));
#pragma unroll
    for (int n = 0; n < OwnQueries / 16; n++) {
      uint32 b[4];
      LoadMatrices(b, Tile::Step(queries, 16 * n, 2 * k));
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        MultiplyAdd<T>(products[m][2 * n], a[m], b[0], b[1]);
        MultiplyAdd<T>(products[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/// sums += left · rows: the left operand from registers, or, where two warps hold its halves, from shared memory.
DEVICE void AddProducts(Sums& sums, const Scores& left, uint32 sharedLeft, uint32 queries) {
#pragma unroll
  for (int k = 0; k < QueryRows / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int m = 0; m < RowTiles; m++) {
      if constexpr (Split == 1)
        PackOperand<T>(a[m], left[m][2 * k], left[m][2 * k + 1]);
      else
        LoadMatrices(a[m], Weights::Step(sharedLeft, 16 * m, 2 * k));
    }
#pragma unroll
    for (int n = 0; n < OwnColumns / 16; n++) {
      uint32 b[4];
      LoadMatricesTransposed(b, Tile::Step(queries, 16 * k, 2 * n));
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        MultiplyAdd<T>(sums[m][2 * n], a[m], b[0], b[1]);
        MultiplyAdd<T>(sums[m][2 * n + 1], a[m], b[2], b[3]);
      }
    }
  }
}

/// gradientQSum's tile += ∂s · k.
DEVICE void AddQueryGradient(float* tile, uint32 gradients, uint32 keys, int rowWarp, int columnWarp) {
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
#pragma unroll
  for (int i = 0; i < SumRowTiles; i++)
#pragma unroll
    for (int n = 0; n < SumPairs * 2; n++) {
      int rowTile = i * RowWarps + rowWarp, columns = (n / 2 * ColumnWarps + columnWarp) * 2 + n % 2;
      if (Size / 16 % ColumnWarps != 0 && columns >= Size / 8) continue;
      float* target = tile + (rowTile * (Size / 8) + columns) * 128 + Lane();
#pragma unroll
      for (int r = 0; r < 4; r++) AddGlobal(target + 32 * r, sums[i][n][r]);
    }
}

/// What −delta is for the lane's queries (columns): where ∂w's product starts.
DEVICE void StartGradients(Scores& gradients, uint32 delta) {
#pragma unroll
  for (int n = 0; n < OwnQueries / 8; n++) {
    float pair[2];
    LoadSharedPair(pair, delta + n * 32);
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
    LoadSharedPair(pair, logSumExp2 + n * 32);
#pragma unroll
    for (int m = 0; m < RowTiles; m++)
#pragma unroll
      for (int i = 0; i < 4; i++) Weigh(scores[m][n][i], gradients[m][n][i], exponentScale, pair[i & 1]);
  }
}

/// Stores a warp's weights or ∂s as 16-bit elements, keys as rows.
DEVICE void StoreWeights(uint32 shared, int row, int query, const Scores& values) {
#pragma unroll
  for (int m = 0; m < RowTiles; m++) StoreSums<T, QueryRows>(shared, row + 16 * m, query / 8, values[m], 1, 1);
}

extern "C" __global__ void __launch_bounds__(Threads, 1) attention_backward_keys(const AttentionParameters p) {
  int thread = ThreadX(), lane = Lane(), group = Warp() / Split, half = Warp() % Split;
  int item = BlockX() / p.keyHeads, keyHead = BlockX() - item * p.keyHeads, headsPerKey = p.heads / p.keyHeads;
  int documentIndex = p.work[2 * item];
  Document document = Document::Read(p, documentIndex);
  int key = p.work[2 * item + 1] * KeyRows, keys = Min(KeyRows, document.keys - key);

  uint32 sharedK = SharedAddress(sharedBytes), sharedV = sharedK + KeyBytes, sharedStages = sharedV + KeyBytes;
  uint32 sharedGradients = sharedStages + Stages * StageBytes, sharedWeights = sharedGradients + (Split > 1 ? WeightBytes : 0);

  int queryFirst, queryEnd;
  document.QueriesSeeing(key, key + keys, queryFirst, queryEnd);
  queryFirst -= queryFirst % QueryRows;
  int tiles = Max(0, CeilDivide(queryEnd - queryFirst, QueryRows)), steps = queryEnd > queryFirst ? tiles * headsPerKey : 0;

  // Starts the copies of tile `tile` of the queries of head `head`.
  auto copyQueries = [&](uint32 stage, int head, int query) {
    int64 first = document.firstQuery + query;
    int valid = document.queries - query;
    CopyTile<QueryRows, Size, Threads>(stage, (const uint16*)p.q + first * p.qStride + head * Size, p.qStride, valid, thread);
    CopyTile<QueryRows, Size, Threads>(stage + QueryBytes, (const uint16*)p.gradientO + first * p.gradientOStride + head * Size,
                                       p.gradientOStride, valid, thread);
    static_assert(Threads >= 2 * QueryRows);
    if (Threads == 2 * QueryRows || thread < 2 * QueryRows) {
      int row = thread % QueryRows;
      const float* source = (thread < QueryRows ? p.logSumExp2 : p.delta) + (int64)head * p.tokens + first;
      CopyAsync4(stage + 2 * QueryBytes + thread * 4, source + (row < valid ? row : 0), row < valid);
    }
    CommitCopies();
  };

  Sums sumsK, sumsV;
#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
    Clear(sumsK[m]);
    Clear(sumsV[m]);
  }
  float exponentScale = ExponentScale(p);

  int head = keyHead * headsPerKey, query = queryFirst;       // of the step that is computed
  int nextHead = head, nextQuery = query;                     // of the step that is copied
  auto advance = [&] {
    nextQuery += QueryRows;
    if (nextQuery >= queryEnd) {
      nextQuery = queryFirst;
      nextHead++;
    }
  };

  if (steps > 0) {
    CopyTile<KeyRows, Size, Threads>(sharedK, (const uint16*)p.k + (int64)(document.firstKey + key) * p.kStride + keyHead * Size, p.kStride,
                                     keys, thread);
    CopyTile<KeyRows, Size, Threads>(sharedV, (const uint16*)p.v + (int64)(document.firstKey + key) * p.vStride + keyHead * Size, p.vStride,
                                     keys, thread);
    copyQueries(sharedStages, nextHead, nextQuery);
    advance();
  }

  int groupRow = GroupKeys * group, ownQuery = half * OwnQueries;
  uint32 placeK = sharedK + groupRow * Tile::RowBytes + Tile::RowPlace(lane), placeV = placeK + KeyBytes;
  uint32 placeGradients = sharedGradients + groupRow * Weights::RowBytes + Weights::RowPlace(lane);
  uint32 stage = sharedStages;
#pragma unroll 1
  for (int step = 0; step < steps; step++) {
    WaitCopies<0>(); // the queries are there …
    SyncThreads();   // … for all threads, and all are done with the step before
    uint32 otherStage = Stages == 1 ? stage : sharedStages + sharedStages + StageBytes - stage;
    if (Stages == 2 && step + 1 < steps) copyQueries(otherStage, nextHead, nextQuery);

    uint32 placeQ = stage + ownQuery * Tile::RowBytes + Tile::ColumnPlace(lane);
    uint32 ownRow = stage + 2 * QueryBytes + (ownQuery + 2 * (lane & 3)) * 4;
    Scores scores, gradients;
#pragma unroll
    for (int m = 0; m < RowTiles; m++) Clear(scores[m]);
    Products(scores, placeK, placeQ);
    StartGradients(gradients, ownRow + RowBytes);
    Products(gradients, placeV, placeQ + QueryBytes);

    if (p.cap > 0) {
#pragma unroll
      for (int m = 0; m < RowTiles; m++) CapScores(scores[m], gradients[m], p.scale / p.cap);
    }
    if (document.IsBorder(query, QueryRows, key, KeyRows)) {
#pragma unroll
      for (int m = 0; m < RowTiles; m++)
        MaskKeysByQueries(scores[m], document, key + groupRow + 16 * m + (lane >> 2), query + ownQuery + 2 * (lane & 3));
    }
    Weigh(scores, gradients, ownRow, exponentScale);

    if (Split > 1) {
      StoreWeights(sharedWeights, groupRow, ownQuery, scores);
      StoreWeights(sharedGradients, groupRow, ownQuery, gradients);
      SyncThreads();
    } else if (p.gradientQSum)
      StoreWeights(sharedGradients, groupRow, ownQuery, gradients);

    uint32 columnsQ = stage + Tile::RowPlace(lane) + half * (OwnColumns * 2);
    AddProducts(sumsV, scores, placeGradients + (sharedWeights - sharedGradients), columnsQ + QueryBytes);
    AddProducts(sumsK, gradients, placeGradients, columnsQ);

    if (Stages == 1 || (Split == 1 && p.gradientQSum)) SyncThreads(); // ∂s is there; all are done with queries and ∂o
    if (Stages == 1 && step + 1 < steps) copyQueries(stage, nextHead, nextQuery);
    if (p.gradientQSum) {
      int rowWarp = Warp() / ColumnWarps, columnWarp = Warp() % ColumnWarps;
      int64 tile = document.firstQuery / QueryRows + documentIndex + query / QueryRows;
      AddQueryGradient(p.gradientQSum + (tile * p.heads + head) * (QueryRows * Size),
                       sharedGradients + Weights::ColumnPlace(lane, 2 * rowWarp), sharedK + Tile::RowPlace(lane, 2 * columnWarp), rowWarp,
                       columnWarp);
    }
    head = nextHead;
    query = nextQuery;
    advance();
    stage = otherStage;
  }

  // ∂k and ∂v pass through the places of keys and values to whole 16-byte chunks.
  WaitCopies<0>();
  SyncThreads();
#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
    StoreSums<T, Size>(sharedK, groupRow + 16 * m, half * (OwnColumns / 8), sumsK[m], p.scale, p.scale);
    StoreSums<T, Size>(sharedV, groupRow + 16 * m, half * (OwnColumns / 8), sumsV[m], 1, 1);
  }
  SyncThreads();
  int64 firstKey = document.firstKey + key;
  WriteTile<KeyRows, Size, Threads>((uint16*)p.gradientK + firstKey * p.gradientKStride + keyHead * Size, p.gradientKStride, keys, sharedK,
                                    thread);
  WriteTile<KeyRows, Size, Threads>((uint16*)p.gradientV + firstKey * p.gradientVStride + keyHead * Size, p.gradientVStride, keys, sharedV,
                                    thread);
}
