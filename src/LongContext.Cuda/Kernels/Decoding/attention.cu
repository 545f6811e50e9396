// Decoding attention: a few new queries of each sequence against its cache of keys and values, which is read once.
//
// A block takes one split of one sequence's keys, one key head, and the rows (query token, query head of that key head) that see them: 16 rows
// are one tile of the products, 64 at most a block's, 32 for size 256 (more rows: more blocks, which share the cache's rows through L2). Its four warps
// divide rows and keys: rowWarps of them have row tiles of their own, and those of the same rows take groups of 16 keys in turns, each with its
// own online softmax; for size 256 two warps share such a group, each for half of the result's columns. partial.cuh puts these together. Keys and values go through three stages of tiles in shared
// memory by asynchronous copies, two of them in flight while one is worked on (ring.cuh).
//
// Grid: items · keyHeads · rowBlocks (rowBlocks fastest, then key heads: blocks that read neighbouring memory run together). Block: 128.
// Shared memory, dynamic: 3 stages of [keys | values], then 3 · Keys cache rows. q passes through the last stage before the tiles do.
// Masks: keys that no query sees are not read at all; unseen ones of a single row (causal, window) score −∞.
// With -DCODED the cache holds codes, and the ring is another (coded_ring.cuh).
// Called by DecodingAttention.cs. -DELEMENT=BFloat16|Float16 -DSIZE=64|80|96|128|256 [-DCODED]
#include "Decoding/partial.cuh"
#include "Decoding/ring.cuh"
#include "Decoding/coded_ring.cuh"

extern __shared__ __attribute__((aligned(128))) uint8 dynamicShared[];

template <int Size> DEVICE void LoadQueryRows(const DecodingParameters& p, const RowMap& map, int firstToken, uint32 stage) {
  constexpr int chunks = Tile<Size>::Chunks;
  for (int i = ThreadX(); i < 16 * p.rowWarps * chunks; i += Tile<Size>::Threads) {
    const int row = i / chunks, chunk = i % chunks;
    const bool valid = map.Has(row);
    const int64 offset = valid ? (int64)(firstToken + map.Token(row)) * p.qStride + map.Head(row) * Size + chunk * 8 : 0;
    CopyAsync16(stage + ChunkOffset<Size>(row, chunk), (const char*)p.q + offset * 2, valid);
  }
}

/// s = q · kᵀ over 16 keys; `keys`: this lane's first chunk.
template <typename T, int Size> DEVICE void Scores(float (&s)[2][4], const uint32 (&q)[Size / 16][4], uint32 keys) {
#pragma unroll
  for (int i = 0; i < 8; i++) s[i / 4][i % 4] = 0;
#pragma unroll
  for (int d = 0; d < Size / 16; d++) {
    uint32 k[4];
    LoadMatrices(k, FartherChunk<Size>(keys, 2 * d));
    MultiplyAdd<T>(s[0], q[d], k[0], k[1]);
    MultiplyAdd<T>(s[1], q[d], k[2], k[3]);
  }
}

/// o += weights · v over 16 keys; `values`: this lane's first chunk.
template <typename T, int Size> DEVICE void AddValues(float (&o)[Tile<Size>::Width / 8][4], const float (&s)[2][4], uint32 values) {
  const uint32 weights[4] = {Pack<T>(s[0][0], s[0][1]), Pack<T>(s[0][2], s[0][3]), Pack<T>(s[1][0], s[1][1]), Pack<T>(s[1][2], s[1][3])};
#pragma unroll
  for (int d = 0; d < Tile<Size>::Width / 16; d++) {
    uint32 v[4];
    LoadMatricesTransposed(v, FartherChunk<Size>(values, 2 * d));
    MultiplyAdd<T>(o[2 * d], weights, v[0], v[1]);
    MultiplyAdd<T>(o[2 * d + 1], weights, v[2], v[3]);
  }
}

/// The keys that this lane's two rows see: first[i] … last[i].
struct SeenKeys {
  int first[2], last[2];
  int allFrom, allTo; // from here to there every row of the block sees all keys

  DEVICE SeenKeys(int keys, int tokens, int windowLeft, const RowMap& map, int firstRow)
      : allFrom(FirstSeen(keys - 1, windowLeft)), allTo(keys - tokens) {
#pragma unroll
    for (int i = 0; i < 2; i++) {
      last[i] = keys - tokens + map.Token(firstRow + ThreadX() % 32 / 4 + 8 * i);
      first[i] = FirstSeen(last[i], windowLeft);
    }
  }

  DEVICE void Hide(float (&s)[2][4], int firstKey) const {
    if (firstKey >= allFrom && firstKey + 15 <= allTo) return;
#pragma unroll
    for (int n = 0; n < 2; n++)
#pragma unroll
      for (int j = 0; j < 4; j++) {
        const int key = firstKey + n * 8 + ThreadX() % 4 * 2 + j % 2;
        if (key < first[j / 2] || key > last[j / 2]) s[n][j] = -Infinity;
      }
  }
};

template <typename T, int Size, typename Ring> DEVICE void Attend(const DecodingParameters& p) {
  using Tile = Tile<Size>;
  const int rest = BlockX() % (p.keyHeads * p.rowBlocks);
  const int32* item = p.work + BlockX() / (p.keyHeads * p.rowBlocks) * 4;
  const int sequence = item[0], splits = item[2], slot = item[3];
  if (sequence < 0) return; // fills a list whose length a captured graph has fixed
  const int firstToken = p.queryBorders[sequence];
  const int tokens = Min(p.queryBorders[sequence + 1] - firstToken, p.maxTokens); // more would not fit the workspace
  const int keys = KeyCount(p, sequence);
  RowMap map;
  map.group = p.heads / p.keyHeads;
  map.keyHead = rest / p.rowBlocks;
  map.firstRow = rest % p.rowBlocks * 16 * p.rowWarps;
  map.rows = tokens * map.group;
  if (map.firstRow >= map.rows) return;
  const KeyRange range = SplitKeys<Tile::Keys>(keys, tokens, p.windowLeft, item[1], splits);

  const Ring ring(p, dynamicShared, sequence, map.keyHead, range);
  LoadQueryRows<Size>(p, map, firstToken, ring.QueryStage());
  CommitCopies();
  ring.NoteFirst();
  SyncThreads();
#pragma unroll
  for (int i = 0; i < Tile::Stages - 1; i++) ring.Copy(range.tile + i, i);

  const int lane = ThreadX() % 32;
  const WarpRole role = WarpRole::Of<Size>(ThreadX() / 32, p.rowWarps);
  uint32 q[Size / 16][4];
  WaitForCopies<Tile::Stages - 1>();
  SyncThreads();
#pragma unroll
  for (int d = 0; d < Size / 16; d++)
    LoadMatrices(q[d], FartherChunk<Size>(ring.QueryStage() + ChunkOffset<Size>(role.rowTile * 16 + lane % 16, lane / 16), 2 * d));

  // Where this lane's rows of a matrix load begin: for the keys as they are, for the values transposed.
  const uint32 keysOfLane = ChunkOffset<Size>(lane / 16 * 8 + lane % 8, lane / 8 % 2);
  const uint32 valuesOfLane = Tile::Bytes + ChunkOffset<Size>(lane % 16, lane / 16) + role.half * Tile::Width * 2;
  const SeenKeys seen(keys, tokens, p.windowLeft, map, role.rowTile * 16);
  const Scoring scoring(p.scale, p.cap);

  SoftmaxState state;
  float o[Tile::Width / 8][4];
#pragma unroll
  for (int n = 0; n < Tile::Width / 8; n++)
#pragma unroll
    for (int j = 0; j < 4; j++) o[n][j] = 0;

  int stage = 0;
  for (int tile = range.tile; tile < range.tileEnd; tile++) {
    WaitForCopies<Tile::Stages - 2>();
    SyncThreads(); // the tile is there for all, and all are done with the one before it, whose stage is filled next
    ring.Copy(tile + Tile::Stages - 1, ring.Before(stage));
    const int32 entry = ring.Entry(tile + Tile::Stages); // not used before this tile is done
    if constexpr (Ring::Widens) {
      ring.Widen(stage);
      SyncThreads();
    }
#pragma unroll 1
    for (int unit = 0; unit < Tile::Units; unit++) {
      const int firstKey = tile * Tile::Keys + unit * 16;
      if (((firstKey >> 4) & (role.parts - 1)) != role.part || firstKey >= range.end || firstKey + 16 <= range.first) continue;
      float s[2][4], factor[2];
      const uint32 start = ring.Numbers(stage) + unit * Tile::UnitBytes;
      Scores<T, Size>(s, q, start + keysOfLane);
      scoring.Apply(s);
      seen.Hide(s, firstKey);
      if (Soften(s, state, factor))
#pragma unroll
        for (int n = 0; n < Tile::Width / 8; n++)
#pragma unroll
          for (int j = 0; j < 4; j++) o[n][j] *= factor[j / 2];
      AddValues<T, Size>(o, s, start + valuesOfLane);
    }
    ring.Note(tile + Tile::Stages, stage, entry);
    stage = ring.Next(stage);
  }

  WaitForCopies<0>();
  SyncThreads();
  const Ending<Size> ending{(float*)dynamicShared};
  StoreWarp<Size>(ending, o, state);
  SyncThreads();
  StoreRows<T, Size>(p, ending, map, firstToken, splits == 1 ? -1 : slot);
}

#ifdef CODED
extern "C" __global__ void __launch_bounds__(128, Tile<SIZE>::BlocksOfCodes) decoding_attention_coded(const DecodingParameters p) { Attend<ELEMENT, SIZE, CodedRing<ELEMENT, SIZE>>(p); }
#else
extern "C" __global__ void __launch_bounds__(128, Tile<SIZE>::Blocks) decoding_attention(const DecodingParameters p) { Attend<ELEMENT, SIZE, TileRing<SIZE>>(p); }
#endif
