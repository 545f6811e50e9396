// Attention over packs, backward, for compute capability 8.0 and up: ∂q with a kernel of its own, whose sums have a fixed order. With it two
// runs give the same bits; the price is that scores and their gradients are computed twice, 7 products instead of 5.
//
// Macros: ELEMENT BFloat16 or Float16, SIZE of a head, QUERY_ROWS and KEY_ROWS of the tiles, WARPS.
// Grid: items · heads blocks, the heads of a work item (document, tile of queries) side by side. Block: WARPS warps, each with 16 queries.
// Shared memory: queries, ∂o, two buffers of (keys, values).
// Masks: as in forward.cu; what is not seen gets the weight 0. Rows past the end of a document are zeros.
// Called by AttentionBackward.cs, after attention_backward_prepare.
#include "Attention/backward.cuh"

using T = ELEMENT;
constexpr int Size = SIZE, QueryRows = QUERY_ROWS, KeyRows = KEY_ROWS, Warps = WARPS, Threads = Warps * 32;
using Tile = SharedRows<Size>;
constexpr int QueryBytes = QueryRows * Tile::RowBytes, KeyBytes = KeyRows * Tile::RowBytes, StageBytes = 2 * KeyBytes;
static_assert(QueryRows == 16 * Warps);

extern __shared__ __attribute__((aligned(1024))) uint8 sharedBytes[];

/// products += rows · columnsᵀ over the head's elements: the warp's 16 queries against the tile of keys.
DEVICE void Products(float (&products)[KeyRows / 8][4], SharedPlace queries, SharedPlace keys) {
#pragma unroll
  for (int k = 0; k < Size / 16; k++) {
    uint32 a[4];
    LoadMatrices(a, Tile::Step(queries.base, 0, 2 * k) + queries.offset);
#pragma unroll
    for (int n = 0; n < KeyRows / 16; n++) {
      uint32 b[4];
      LoadMatrices(b, Tile::Step(keys.base, 16 * n, 2 * k) + keys.offset);
      MultiplyAdd<T>(products[2 * n], a, b[0], b[1]);
      MultiplyAdd<T>(products[2 * n + 1], a, b[2], b[3]);
    }
  }
}

/// sums += ∂s · k.
DEVICE void AddProducts(float (&sums)[Size / 8][4], const float (&gradients)[KeyRows / 8][4], uint32 keys) {
#pragma unroll
  for (int k = 0; k < KeyRows / 16; k++) {
    uint32 a[4];
    PackOperand<T>(a, gradients[2 * k], gradients[2 * k + 1]);
#pragma unroll
    for (int n = 0; n < Size / 16; n++) {
      uint32 b[4];
      LoadMatricesTransposed(b, Tile::Step(keys, 16 * k, 2 * n));
      MultiplyAdd<T>(sums[2 * n], a, b[0], b[1]);
      MultiplyAdd<T>(sums[2 * n + 1], a, b[2], b[3]);
    }
  }
}

extern "C" __global__ void __launch_bounds__(Threads, 1) attention_backward_queries(const AttentionParameters p) {
  int thread = ThreadX(), lane = Lane(), warpRow = Warp() * 16;
  int item = BlockX() / p.heads, head = BlockX() - item * p.heads, keyHead = head / (p.heads / p.keyHeads);
  Document document = Document::Read(p, p.work[2 * item]);
  int query = p.work[2 * item + 1] * QueryRows, queries = Min(QueryRows, document.queries - query);
  int64 firstQuery = document.firstQuery + query;

  const uint16* k = (const uint16*)p.k + (int64)document.firstKey * p.kStride + keyHead * Size;
  const uint16* v = (const uint16*)p.v + (int64)document.firstKey * p.vStride + keyHead * Size;
  uint32 sharedQ = SharedAddress(sharedBytes), sharedO = sharedQ + QueryBytes, sharedStages = sharedO + QueryBytes;

  auto copyKeys = [&](uint32 stage, int key) {
    int valid = document.keys - key;
    CopyTile<KeyRows, Size, Threads>(stage, k + (int64)key * p.kStride, p.kStride, valid, thread);
    CopyTile<KeyRows, Size, Threads>(stage + KeyBytes, v + (int64)key * p.vStride, p.vStride, valid, thread);
    CommitCopies();
  };

  int keyFirst, keyEnd;
  document.KeysSeen(query, query + queries, keyFirst, keyEnd);
  keyFirst -= keyFirst % KeyRows;

  float logSumExp2[2], delta[2];
  int64 row = (int64)head * p.tokens + firstQuery;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int own = warpRow + 8 * half + (lane >> 2);
    logSumExp2[half] = own < queries ? p.logSumExp2[row + own] : 0;
    delta[half] = own < queries ? p.delta[row + own] : 0;
  }

  float sums[Size / 8][4];
  Clear(sums);
  float exponentScale = ExponentScale(p);
  uint32 placeQ = sharedQ + warpRow * Tile::RowBytes + Tile::RowPlace(lane), stage = sharedStages;

  if (keyFirst < keyEnd) {
    CopyTile<QueryRows, Size, Threads>(sharedQ, (const uint16*)p.q + firstQuery * p.qStride + head * Size, p.qStride, queries, thread);
    CopyTile<QueryRows, Size, Threads>(sharedO, (const uint16*)p.gradientO + firstQuery * p.gradientOStride + head * Size,
                                       p.gradientOStride, queries, thread);
    copyKeys(stage, keyFirst);
  }
#pragma unroll 1
  for (int key = keyFirst; key < keyEnd; key += KeyRows) {
    WaitCopies<0>(); // keys and values are there …
    SyncThreads();   // … for all threads, and all are done with the step before
    uint32 otherStage = sharedStages + sharedStages + StageBytes - stage;
    if (key + KeyRows < keyEnd) copyKeys(otherStage, key + KeyRows);

    float scores[KeyRows / 8][4], gradients[KeyRows / 8][4];
    uint32 placeK = stage + Tile::ColumnPlace(lane), ownQ = Opaque(placeQ);
    Clear(scores);
    Products(scores, {ownQ, 0}, {placeK, 0});
#pragma unroll
    for (int n = 0; n < KeyRows / 8; n++)
#pragma unroll
      for (int i = 0; i < 4; i++) gradients[n][i] = -delta[i >> 1];
    Products(gradients, {ownQ, QueryBytes}, {placeK, KeyBytes});

    if (p.cap > 0) CapScores(scores, gradients, p.scale / Opaque(p.cap));
    if (document.IsBorder(query, QueryRows, key, KeyRows))
      MaskQueriesByKeys(scores, document, query + warpRow + (lane >> 2), key + 2 * (lane & 3));
#pragma unroll
    for (int n = 0; n < KeyRows / 8; n++)
#pragma unroll
      for (int i = 0; i < 4; i++) Weigh(scores[n][i], gradients[n][i], exponentScale, logSumExp2[i >> 1]);

    AddProducts(sums, gradients, stage + Tile::RowPlace(lane));
    stage = otherStage;
  }

  // The warp's own rows of the tile of queries, once all its lanes have read them, take ∂q on its way to whole 16-byte chunks.
  SyncWarp();
  StoreSums<T, Size>(SumsPlace<Size>(sharedQ, lane, warpRow, 0), 0, sums, p.scale, p.scale);
  SyncWarp();
  uint16* gradientQ = (uint16*)p.gradientQ + (firstQuery + warpRow) * p.gradientQStride + head * Size;
  WriteTile<16, Size, 32>(gradientQ, p.gradientQStride, queries - warpRow, sharedQ + warpRow * Tile::RowBytes, lane);
}
