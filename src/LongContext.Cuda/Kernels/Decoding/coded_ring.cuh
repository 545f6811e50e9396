// The ring (ring.cuh) over a cache of codes. Copies bring codes and scales as they lie, half the bytes; when a tile's turn comes the block widens it into the one tile of numbers that
// products read. Rounded once, as the cache's readers by tensors have it.
// Shared memory: the tile of numbers [keys | values], then Stages · [codes of keys | of values | scales of keys | of values], then Stages · Keys rows.
#pragma once
#include "Decoding/coded.cuh"
#include "Decoding/tile.cuh"

/// Copies 4 bytes from global to shared memory, or writes zero where `valid` is false.
DEVICE void CopyAsync4(uint32 shared, const void* global, bool valid) {
  const int32 bytes = valid ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared), "l"(global), "r"(bytes) : "memory");
}

template <typename T, int Size> struct CodedRing {
  using Shape = Tile<Size>;
  static constexpr int CodeBytes = Shape::Keys * Size, ScaleBytes = Shape::Keys * 4;
  static constexpr int StageBytes = 2 * (CodeBytes + ScaleBytes);
  static constexpr bool Widens = true;
  uint8* shared;
  int32* table;
  HeadRows k, v;
  int64 scales; // from a head's first code to its scale
  CacheRows rows;
  KeyRange range;
  int codes;

  DEVICE CodedRing(const DecodingParameters& p, uint8* memory, int sequence, int keyHead, const KeyRange& keyRange)
      : shared(memory), table((int32*)(memory + Shape::StageBytes + Shape::Stages * StageBytes)), k{(const char*)p.k + (int64)keyHead * Size, p.kStride},
        v{(const char*)p.v + (int64)keyHead * Size, p.vStride}, scales(p.scaleStart + keyHead * 4 - (int64)keyHead * Size), rows(p, sequence), range(keyRange), codes(p.codes) {}

  DEVICE uint8* Codes(int stage) const { return shared + Shape::StageBytes + stage * StageBytes; }

  /// Where the numbers of the tile at hand are, and where queries pass through.
  DEVICE uint32 Numbers(int) const { return SharedAddress(shared); }
  DEVICE uint32 QueryStage() const { return SharedAddress(shared); }
  DEVICE static int Next(int stage) { return stage == Shape::Stages - 1 ? 0 : stage + 1; }
  DEVICE static int Before(int stage) { return stage == 0 ? Shape::Stages - 1 : stage - 1; }
  DEVICE static int KeyOf(int tile) { return tile * Shape::Keys + ThreadX(); }
  DEVICE bool IsThere(int tile) const {
    return ThreadX() < Shape::Keys && tile < range.tileEnd && KeyOf(tile) >= range.first && KeyOf(tile) < range.end;
  }
  DEVICE int32 Entry(int tile) const { return IsThere(tile) ? rows.Entry(KeyOf(tile)) : 0; }
  DEVICE void Note(int tile, int stage, int32 entry) const {
    if (ThreadX() < Shape::Keys) table[stage * Shape::Keys + ThreadX()] = IsThere(tile) ? rows.Row(entry, KeyOf(tile)) : -1;
  }
  DEVICE void NoteFirst() const {
    int32 entries[Shape::Stages];
#pragma unroll
    for (int i = 0; i < Shape::Stages; i++) entries[i] = Entry(range.tile + i);
#pragma unroll
    for (int i = 0; i < Shape::Stages; i++) Note(range.tile + i, i, entries[i]);
  }

  DEVICE void Copy(int tile, int stage) const {
    if (tile < range.tileEnd) {
      constexpr int chunks = Size / 16;
      const int32* own = table + stage * Shape::Keys;
      const uint32 to = SharedAddress(Codes(stage));
      for (int i = ThreadX(); i < Shape::Keys * chunks; i += Shape::Threads) {
        const int32 row = own[i / chunks];
        CopyAsync16(to + i * 16, k.At(Max(row, 0)) + i % chunks * 16, row >= 0);
        CopyAsync16(to + CodeBytes + i * 16, v.At(Max(row, 0)) + i % chunks * 16, row >= 0);
      }
      const int key = ThreadX() % Shape::Keys;
      const int32 row = own[key];
      if (ThreadX() < 2 * Shape::Keys) CopyAsync4(to + 2 * CodeBytes + ThreadX() * 4, (ThreadX() < Shape::Keys ? k : v).At(Max(row, 0)) + scales, row >= 0);
    }
    CommitCopies();
  }

  /// From codes to numbers, by all threads; barriers stand before and behind it.
  DEVICE void Widen(int stage) const {
    constexpr int chunks = Size / 16;
    const uint8* from = Codes(stage);
    const float* factors = (const float*)(from + 2 * CodeBytes);
    // One after another: registers are the products', of which there are many.
#pragma unroll 1
    for (int i = ThreadX(); i < 2 * Shape::Keys * chunks; i += Shape::Threads) {
      const int row = i / chunks, key = row % Shape::Keys, part = row / Shape::Keys;
      UInt4 low, high;
      WidenCodes<T>(codes, *(const UInt4*)(from + i * 16), factors[row], low, high);
      uint8* to = shared + part * Shape::Bytes;
      *(UInt4*)(to + ChunkOffset<Size>(key, i % chunks * 2)) = low;
      *(UInt4*)(to + ChunkOffset<Size>(key, i % chunks * 2 + 1)) = high;
    }
  }
};
