// Tiles of keys and values in shared memory: their layout, and the copies that fill them.
//
// A tile is [keys, size] of 16-bit values in chunks of 16 bytes. Chunk c of row r lies at chunk (r · chunks + c) xor ((r >> (3 − a)) mod 2^a),
// where 2^a is the power of two in `chunks`, 8 at most. So the eight chunks that a matrix load takes (eight rows, one c) lie in eight different
// groups of four banks for every head size here, and so do any eight consecutive chunks of a row, without any padding.
#pragma once
#include "Decoding/cache.cuh"
#include "Decoding/instructions.cuh"

template <int Size> struct Tile {
  static constexpr int Threads = 128, Warps = 4;
  static constexpr int Stages = 3;
  static constexpr int Keys = Size > 128 ? 32 : 64;
  static constexpr int Units = Keys / 16;        // a warp takes 16 keys at a time
  static constexpr int Chunks = Size / 8;
  static constexpr int Bytes = Keys * Size * 2;  // of the keys, and of the values as well
  static constexpr int StageBytes = 2 * Bytes;
  static constexpr int SharedBytes = Stages * StageBytes + Stages * Keys * 4;
  static_assert(Size % 16 == 0 && Keys * Chunks % Threads == 0);
};

template <int Size> DEVICE uint32 ChunkOffset(int row, int chunk) {
  constexpr int chunks = Size / 8;
  constexpr int power = chunks % 8 == 0 ? 3 : chunks % 4 == 0 ? 2 : 1;
  return (uint32)((row * chunks + chunk) ^ ((row >> (3 - power)) & ((1 << power) - 1))) * 16;
}

/// Where one key head's keys or values begin, and the bytes from a row to the next.
struct HeadRows {
  const char* first;
  int32 stride;

  DEVICE const char* At(int32 row, int chunk) const { return MultiplyWide(row, stride, first + chunk * 16); }
};

/// Starts the copies of one tile of k and v. rows[i] is the cache's row of the tile's i-th key, negative where there is none to see: its
/// rows in shared memory become zero, and nothing is read.
template <int Size> DEVICE void CopyTile(uint32 stage, const HeadRows& k, const HeadRows& v, const int32* rows) {
  using Tile = Tile<Size>;
#pragma unroll
  for (int i = 0; i < Tile::Keys * Tile::Chunks; i += Tile::Threads) {
    const int row = (i + ThreadX()) / Tile::Chunks, chunk = (i + ThreadX()) % Tile::Chunks;
    const int32 cacheRow = rows[row];
    const bool valid = cacheRow >= 0;
    const uint32 to = stage + ChunkOffset<Size>(row, chunk);
    CopyAsync16(to, k.At(Max(cacheRow, 0), chunk), valid);
    CopyAsync16(to + Tile::Bytes, v.At(Max(cacheRow, 0), chunk), valid);
  }
}
