// Attention over packs, forward, for compute capability 8.0 and up: o = softmax(s) · v and the log-sum-exp of s.
//
// Macros: ELEMENT BFloat16 or Float16, SIZE of a head, QUERY_ROWS and KEY_ROWS of the tiles, WARPS, BLOCKS an SM is to hold.
// Grid: items · heads blocks, the heads of a work item (document, tile of queries) side by side, so that those that share keys and values
// find them in the L2 cache. Block: WARPS warps, each with QUERY_ROWS / WARPS queries.
// Shared memory: the tile of queries, then one of keys, then one of values, rows shuffled as in SharedRows. Keys and values have one buffer
// each: while scores are computed the values arrive, while the weighted sum is computed the next keys do.
// Registers: the warp's sums [rows, SIZE] and scores [rows, KEY_ROWS]; weights go from the one product into the next without leaving them.
// Masks: tiles of keys are walked from the last that some query of the tile sees to the first; only tiles of which some query does not see
// everything (the diagonal, a window's edge, the document's end) are masked. Rows past the end of a document are zeros.
// Called by AttentionForward.cs.
#include "Attention/mask.cuh"
#include "Attention/softmax.cuh"
#include "Attention/tiles.cuh"

using T = ELEMENT;
constexpr int Size = SIZE, QueryRows = QUERY_ROWS, KeyRows = KEY_ROWS, Threads = WARPS * 32;
constexpr int RowTiles = QueryRows / WARPS / 16; // 16-row tiles of a warp
using Tile = SharedRows<Size>;
constexpr int QueryBytes = QueryRows * Tile::RowBytes, KeyBytes = KeyRows * Tile::RowBytes;

extern __shared__ __attribute__((aligned(1024))) uint8 sharedBytes[];

/// scores = q · kᵀ for a warp's queries and the tile of keys.
DEVICE void Scores(float (&scores)[RowTiles][KeyRows / 8][4], uint32 queries, uint32 keys) {
#pragma unroll
  for (int i = 0; i < RowTiles; i++) Clear(scores[i]);
#pragma unroll
  for (int k = 0; k < Size / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int i = 0; i < RowTiles; i++) LoadMatrices(a[i], Tile::Step(queries, 16 * i, 2 * k));
#pragma unroll
    for (int n = 0; n < KeyRows / 16; n++) {
      uint32 b[4];
      LoadMatrices(b, Tile::Step(keys, 16 * n, 2 * k));
#pragma unroll
      for (int i = 0; i < RowTiles; i++) {
        MultiplyAdd<T>(scores[i][2 * n], a[i], b[0], b[1]);
        MultiplyAdd<T>(scores[i][2 * n + 1], a[i], b[2], b[3]);
      }
    }
  }
}

/// sums += weights · v.
DEVICE void AddWeighted(float (&sums)[RowTiles][Size / 8][4], const float (&weights)[RowTiles][KeyRows / 8][4], uint32 values) {
#pragma unroll
  for (int k = 0; k < KeyRows / 16; k++) {
    uint32 a[RowTiles][4];
#pragma unroll
    for (int i = 0; i < RowTiles; i++) PackOperand<T>(a[i], weights[i][2 * k], weights[i][2 * k + 1]);
#pragma unroll
    for (int n = 0; n < Size / 16; n++) {
      uint32 b[4];
      LoadMatricesTransposed(b, Tile::Step(values, 16 * k, 2 * n));
#pragma unroll
      for (int i = 0; i < RowTiles; i++) {
        MultiplyAdd<T>(sums[i][2 * n], a[i], b[0], b[1]);
        MultiplyAdd<T>(sums[i][2 * n + 1], a[i], b[2], b[3]);
      }
    }
  }
}

/// The first of a warp's rows in the tile of queries.
DEVICE int WarpRow(int thread) { return (thread >> 5) * (16 * RowTiles); }

/// What a block works on.
struct Work {
  int head;
  Document document;
  int query, queries; // first query of the tile in its document, and how many the tile has

  DEVICE static Work Read(const AttentionParameters& p, int block) {
    Work w;
    int item = block / p.heads;
    w.head = block - item * p.heads;
    w.document = Document::Read(p, p.work[2 * item]);
    w.query = p.work[2 * item + 1] * QueryRows;
    w.queries = Min(QueryRows, w.document.queries - w.query);
    return w;
  }
};

extern "C" __global__ void __launch_bounds__(Threads, BLOCKS) attention_forward(const AttentionParameters p) {
  int thread = ThreadX();
  Work work = Work::Read(p, BlockX());
  const Document& document = work.document;
  int query = work.query, queries = work.queries, keyHead = work.head / (p.heads / p.keyHeads);

  const uint16* q = (const uint16*)p.q + (int64)(document.firstQuery + query) * p.qStride + work.head * Size;
  const uint16* k = (const uint16*)p.k + (int64)document.firstKey * p.kStride + keyHead * Size;
  const uint16* v = (const uint16*)p.v + (int64)document.firstKey * p.vStride + keyHead * Size;
  uint32 sharedQ = SharedAddress(sharedBytes), sharedK = sharedQ + QueryBytes, sharedV = sharedK + KeyBytes;

  auto copyKeys = [&](int key) {
    CopyTile<KeyRows, Size, Threads>(sharedK, k + (int64)key * p.kStride, p.kStride, document.keys - key, thread);
    CommitCopies();
  };
  auto copyValues = [&](int key) {
    CopyTile<KeyRows, Size, Threads>(sharedV, v + (int64)key * p.vStride, p.vStride, document.keys - key, thread);
    CommitCopies();
  };

  int keyFirst, keyEnd;
  document.KeysSeen(query, query + queries, keyFirst, keyEnd);
  keyFirst -= keyFirst % KeyRows;
  int key = keyEnd > keyFirst ? (keyEnd - 1) / KeyRows * KeyRows : -1;

  float sums[RowTiles][Size / 8][4];
  OnlineSoftmax softmax[RowTiles];
#pragma unroll
  for (int i = 0; i < RowTiles; i++) {
    Clear(sums[i]);
    softmax[i].Start();
  }
  float exponentScale = ExponentScale(p);

  if (key >= keyFirst) {
    CopyTile<QueryRows, Size, Threads>(sharedQ, q, p.qStride, queries, thread);
    copyKeys(key);
  }
#pragma unroll 1
  for (; key >= keyFirst; key -= KeyRows) {
    WaitCopies<0>(); // the keys are there …
    SyncThreads();   // … for all threads, and all are done with the values before
    copyValues(key);

    float scores[RowTiles][KeyRows / 8][4];
    {
      int lane = Opaque(thread) & 31; // places are derived anew where they are needed: kept, they would cost the loop registers
      Scores(scores, sharedQ + WarpRow(Opaque(thread)) * Tile::RowBytes + Tile::RowPlace(lane), sharedK + Tile::ColumnPlace(lane));
    }
    if (p.cap > 0) {
#pragma unroll
      for (int i = 0; i < RowTiles; i++) CapScores(scores[i], p.scale / Opaque(p.cap));
    }
    if (document.IsBorder(query, QueryRows, key, KeyRows)) {
      int own = Opaque(thread), row = query + WarpRow(own) + (own >> 2 & 7), column = key + 2 * (own & 3);
#pragma unroll
      for (int i = 0; i < RowTiles; i++) MaskQueriesByKeys(scores[i], document, row + 16 * i, column);
    }

    WaitCopies<0>(); // the values are there, and all threads are done with the keys
    SyncThreads();
    if (key > keyFirst) copyKeys(key - KeyRows);

#pragma unroll
    for (int i = 0; i < RowTiles; i++) softmax[i].Add(scores[i], sums[i], exponentScale);
    AddWeighted(sums, scores, sharedV + Tile::RowPlace(Opaque(thread) & 31));
  }

  // The warp's own rows of the tile of queries take the output on its way to whole 16-byte chunks. What the block works on is read again: to
  // keep it would cost the loop registers.
  Work end = Work::Read(p, Opaque(BlockX()));
  int64 first = end.document.firstQuery + end.query;
  int lane = Opaque(thread) & 31, warpRow = WarpRow(Opaque(thread));
  float* logSumExp = p.logSumExp + (int64)end.head * p.tokens + first;
#pragma unroll
  for (int i = 0; i < RowTiles; i++) {
    int row = warpRow + 16 * i;
    softmax[i].Finish();
    StoreSums<T, Size>(SumsPlace<Size>(sharedQ, lane, warpRow, 0), 16 * i * Tile::RowBytes, sums[i], softmax[i].Normaliser(0),
                       softmax[i].Normaliser(1));
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int own = row + 8 * half + (lane >> 2);
      if ((lane & 3) == 0 && own < end.queries) logSumExp[own] = softmax[i].LogSumExp(half, exponentScale);
    }
  }
  SyncWarp();
  uint16* o = (uint16*)p.o + (first + warpRow) * p.oStride + end.head * Size;
  WriteTile<16 * RowTiles, Size, 32>(o, p.oStride, end.queries - warpRow, sharedQ + warpRow * Tile::RowBytes, lane);
}
