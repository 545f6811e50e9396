// Tiles of rows between global and shared memory, 16 bytes a thread.
#pragma once
#include "Common/mma.cuh"

/// Calls action(place, step) for every 16-byte chunk of Rows rows, spread over the threads: `row` and `chunk` are the thread's first, `step`
/// the constant number of rows from there. A row's chunks are taken 8, 4 or 2 at a time (80 = 8 + 2 chunks of ten, 96 = 8 + 4 of twelve), so
/// that a thread's chunk stays the same: neighbouring threads touch whole sectors of global memory and, shuffled as in SharedRows, all banks
/// of shared memory.
template <int Rows, int Chunks, int Threads, int First = 0, typename Action> DEVICE void ForEachChunk(int thread, Action action) {
  constexpr int Left = Chunks - First;
  constexpr int Width = First == 0 && Left % 32 == 0 ? 32 : First == 0 && Left % 16 == 0 ? 16 : Left >= 8 ? 8 : Left >= 4 ? 4 : 2;
  constexpr int RowsAtOnce = Threads / Width;
  int row = thread / Width, chunk = First + thread % Width;
#pragma unroll
  for (int step = 0; step < Rows; step += RowsAtOnce) {
    if (Rows % RowsAtOnce == 0 || step + row < Rows) action(row, chunk, step);
  }
  if constexpr (Left > Width) ForEachChunk<Rows, Chunks, Threads, First + Width>(thread, action);
}

/// Starts the copy of a tile's rows, `stride` elements apart, into shared memory. Rows from `valid`, which is not 0, on are zeros and are not
/// read.
template <int Rows, int Columns, int Threads>
DEVICE void CopyTile(uint32 shared, const uint16* source, int stride, int valid, int thread) {
  using Tile = SharedRows<Columns>;
  int rowBytes = 2 * Opaque(stride);
  thread = Opaque(thread);
  ForEachChunk<Rows, Tile::Chunks, Threads>(thread, [&](int row, int chunk, int step) {
    int inside = Min(row + step, valid - 1);
    CopyAsync16(Tile::Step(shared + Tile::Offset(row, chunk), step, 0), (const uint8*)source + chunk * 16 + (int64)inside * rowBytes,
                row + step < valid);
  });
}

/// Writes the first `valid` rows of a tile in shared memory to global memory.
template <int Rows, int Columns, int Threads>
DEVICE void WriteTile(uint16* target, int stride, int valid, uint32 shared, int thread) {
  using Tile = SharedRows<Columns>;
  ForEachChunk<Rows, Tile::Chunks, Threads>(thread, [&](int row, int chunk, int step) {
    if (row + step < valid) {
      uint32 data[4];
      LoadShared128(data, Tile::Step(shared + Tile::Offset(row, chunk), step, 0));
      StoreGlobal128((uint8*)target + chunk * 16 + (int64)(row + step) * (2 * stride), data);
    }
  });
}

/// A lane's place in rows of shared memory that take a warp's sums: of the sums' first row, a multiple of 16, and the first chunk that they
/// fill, a multiple of their number or of 8.
template <int Columns> DEVICE uint32 SumsPlace(uint32 shared, int lane, int row, int chunk) {
  return shared + SharedRows<Columns>::Offset(row + (lane >> 2), chunk) + (lane & 3) * 4;
}

/// Puts a warp's sums, times `factor` of their row, as 16-bit elements into rows of shared memory, `offset` constant bytes from their place.
template <typename T, int Columns, int Count>
DEVICE void StoreSums(uint32 place, int offset, const float (&sums)[Count][4], float factorUpper, float factorLower) {
  using Tile = SharedRows<Columns>;
#pragma unroll
  for (int n = 0; n < Count; n++) {
    StoreShared32(Tile::Step(place, 0, n) + offset, Pack<T>(sums[n][0] * factorUpper, sums[n][1] * factorUpper));
    StoreShared32(Tile::Step(place, 8, n) + offset, Pack<T>(sums[n][2] * factorLower, sums[n][3] * factorLower));
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
