// Tiles of rows between global and shared memory, 16 bytes a thread.
#pragma once
#include "Common/mma.cuh"

/// Calls action(row, chunk) for every 16-byte chunk of Rows rows, spread over the threads. A row's chunks are taken 8, 4 or 2 at a time
/// (80 = 8 + 2 chunks of ten, 96 = 8 + 4 of twelve), so that a thread's chunk stays the same and its rows are a constant apart: neighbouring
/// threads touch whole sectors of global memory and, shuffled as in SharedRows, all banks of shared memory.
template <int Rows, int Chunks, int Threads, int First = 0, typename Action> DEVICE void ForEachChunk(int thread, Action action) {
  constexpr int Left = Chunks - First;
  constexpr int Width = First == 0 && Left % 32 == 0 ? 32 : First == 0 && Left % 16 == 0 ? 16 : Left >= 8 ? 8 : Left >= 4 ? 4 : 2;
  constexpr int RowsAtOnce = Threads / Width;
  int row = thread / Width, chunk = First + thread % Width;
#pragma unroll
  for (int first = 0; first < Rows; first += RowsAtOnce) {
    if (Rows % RowsAtOnce == 0 || first + row < Rows) action(first + row, chunk);
  }
  if constexpr (Left > Width) ForEachChunk<Rows, Chunks, Threads, First + Width>(thread, action);
}

/// Starts the copy of a tile's rows, `stride` elements apart, into shared memory. Rows from `valid` on are zeros and are not read. A tile
/// spans less than 2^31 elements: the host checks the strides.
template <int Rows, int Columns, int Threads>
DEVICE void CopyTile(uint32 shared, const uint16* source, int stride, int valid, int thread) {
  using Tile = SharedRows<Columns>;
  ForEachChunk<Rows, Tile::Chunks, Threads>(thread, [&](int row, int chunk) {
    bool inside = row < valid;
    CopyAsync16(shared + Tile::Offset(row, chunk), source + (inside ? row * stride : 0) + chunk * 8, inside);
  });
}

/// Writes the first `valid` rows of a tile in shared memory to global memory.
template <int Rows, int Columns, int Threads>
DEVICE void WriteTile(uint16* target, int stride, int valid, uint32 shared, int thread) {
  using Tile = SharedRows<Columns>;
  ForEachChunk<Rows, Tile::Chunks, Threads>(thread, [&](int row, int chunk) {
    if (row < valid) {
      uint32 data[4];
      LoadShared128(data, shared + Tile::Offset(row, chunk));
      StoreGlobal128(target + row * stride + chunk * 8, data);
    }
  });
}

/// Puts a warp's sums, times `factor` of their row, as 16-bit elements into rows of shared memory: the tile's chunk `chunk + n` is sum n.
template <typename T, int Columns, int Count>
DEVICE void StoreSums(uint32 shared, int row, int chunk, const float (&sums)[Count][4], float factorUpper, float factorLower) {
  using Tile = SharedRows<Columns>;
  int g = Lane() >> 2, word = (Lane() & 3) * 4;
#pragma unroll
  for (int n = 0; n < Count; n++) {
    StoreShared32(shared + Tile::Offset(row + g, chunk + n) + word, Pack<T>(sums[n][0] * factorUpper, sums[n][1] * factorUpper));
    StoreShared32(shared + Tile::Offset(row + g + 8, chunk + n) + word, Pack<T>(sums[n][2] * factorLower, sums[n][3] * factorLower));
  }
}

template <int Count> DEVICE void Clear(float (&sums)[Count][4]) {
#pragma unroll
  for (int n = 0; n < Count; n++) sums[n][0] = sums[n][1] = sums[n][2] = sums[n][3] = 0;
}

/// Two neighbouring sums as the left operand of the next product.
template <typename T> DEVICE void PackOperand(uint32 (&a)[4], const float (&left)[4], const float (&right)[4]) {
  a[0] = Pack<T>(left[0], left[1]);
  a[1] = Pack<T>(left[2], left[3]);
  a[2] = Pack<T>(right[0], right[1]);
  a[3] = Pack<T>(right[2], right[3]);
}
