// Tiles of keys and values in shared memory: their layout, and the copies that fill them.
//
// A tile is [keys, size] of 16-bit values in chunks of 16 bytes. Chunk c of row r lies at chunk r · chunks + (c xor ((r >> (3 − a)) mod 2^a)),
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
  static constexpr int Halves = Size > 128 ? 2 : 1; // warps that share a row's columns: 256 columns and the query would not fit a thread's registers
  static constexpr int Width = Size / Halves;    // columns of the result that a warp sums up
  static constexpr int Chunks = Size / 8;
  static constexpr int Power = Chunks % 8 == 0 ? 3 : Chunks % 4 == 0 ? 2 : 1;
  static constexpr int Bytes = Keys * Size * 2;  // of the keys, and of the values as well
  static constexpr int UnitBytes = 16 * Size * 2;
  static constexpr int StageBytes = 2 * Bytes;
  static constexpr int SharedBytes = Stages * StageBytes + Stages * Keys * 4;
  // Blocks that plans count on at a time on a multiprocessor, at most (DecodingTile.MostBlocks): what the assembler keeps registers free for.
  static constexpr int Blocks = Size > 96 ? 2 : 3, BlocksOfCodes = Size > 80 ? 2 : 3;
  static_assert(Size % 16 == 0);
};

template <int Size> DEVICE uint32 ChunkOffset(int row, int chunk) {
  constexpr int power = Tile<Size>::Power;
  return (uint32)(row * Tile<Size>::Chunks * 16 + (chunk ^ ((row >> (3 - power)) & ((1 << power) - 1))) * 16);
}

/// From the address of chunk 0 or 1 of a row to that of the chunk `step` (even) further: an immediate, with one exclusive or before it where
/// the step has bits that the order of chunks turns about. All addresses of a lane come from one register in this way.
template <int Size> DEVICE uint32 FartherChunk(uint32 address, int step) {
  constexpr uint32 turned = (16u << Tile<Size>::Power) - 1;
  return (address ^ ((uint32)step * 16 & turned)) + ((uint32)step * 16 & ~turned);
}

/// Where one key head's keys or values begin, and the bytes from a row to the next.
struct HeadRows {
  const char* first;
  int32 stride;

  DEVICE const char* At(int32 row) const { return MultiplyWide(row, stride, first); }
};

/// Starts the copies of one tile of k and v. rows[i] is the cache's row of the tile's i-th key, negative where there is none to see: its
/// rows in shared memory become zero, and nothing is read.
template <int Size> DEVICE void CopyTile(uint32 stage, const HeadRows& k, const HeadRows& v, const int32* rows) {
  using Tile = Tile<Size>;
  // A power of two of threads for each row, so that a thread's rows are a fixed step apart; for sizes 80 and 96 some have nothing to do.
  constexpr int perRow = Tile::Chunks <= 8 ? 8 : Tile::Chunks <= 16 ? 16 : 32;
  constexpr int step = Tile::Threads / perRow;
  const int firstRow = ThreadX() / perRow, chunk = ThreadX() % perRow;
  if (chunk >= Tile::Chunks) return;
  const uint32 first = stage + ChunkOffset<Size>(firstRow, chunk);
  const HeadRows kChunk{k.first + chunk * 16, k.stride}, vChunk{v.first + chunk * 16, v.stride};
#pragma unroll
  for (int i = 0; i < Tile::Keys / step; i++) {
    const int32 cacheRow = rows[firstRow + i * step];
    const bool valid = cacheRow >= 0;
    // Eight rows on, the order of chunks is the same; four rows on (size 256), it differs in one bit.
    const uint32 to = (first ^ (i * step % 8 * 16)) + i * step * Tile::Chunks * 16;
    CopyAsync16(to, kChunk.At(Max(cacheRow, 0)), valid);
    CopyAsync16(to + Tile::Bytes, vChunk.At(Max(cacheRow, 0)), valid);
  }
}
