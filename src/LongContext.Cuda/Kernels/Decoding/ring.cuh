// The ring of stages through which a split's tiles of keys and values go, and the table of cache rows that feeds it.
//
// Tile t of the split is in stage t mod Stages, its keys' rows in the table of the same number. A tile's copies start Stages − 1 tiles before
// it is worked on; the entries of the page table that they need are read one tile earlier still, and put into the table when the tile at
// hand is done, so that neither copies nor products wait for a page table.
// Shared memory: Stages · [keys | values], then Stages · Keys rows. Every thread of the block must call these in the same order.
#pragma once
#include "Decoding/tile.cuh"

template <int Size> struct TileRing {
  using Shape = Tile<Size>;
  static constexpr bool Widens = false;
  uint32 stages;
  int32* table;
  HeadRows k, v;
  CacheRows rows;
  KeyRange range;

  DEVICE TileRing(const DecodingParameters& p, uint8* shared, int sequence, int keyHead, const KeyRange& keyRange)
      : stages(SharedAddress(shared)), table((int32*)(shared + Shape::Stages * Shape::StageBytes)),
        k{(const char*)p.k + (int64)keyHead * Size * 2, p.kStride * 2}, v{(const char*)p.v + (int64)keyHead * Size * 2, p.vStride * 2},
        rows(p, sequence), range(keyRange) {}

  DEVICE uint32 Stage(int stage) const { return stages + stage * Shape::StageBytes; }

  /// Where the numbers of the tile at hand are, and where queries pass through before the last stage is filled.
  DEVICE uint32 Numbers(int stage) const { return Stage(stage); }
  DEVICE uint32 QueryStage() const { return Stage(Shape::Stages - 1); }
  DEVICE void Widen(int) const {}
  DEVICE static int Next(int stage) { return stage == Shape::Stages - 1 ? 0 : stage + 1; }
  DEVICE static int Before(int stage) { return stage == 0 ? Shape::Stages - 1 : stage - 1; }

  // Each thread below Keys looks after one key of a tile.
  DEVICE static int KeyOf(int tile) { return tile * Shape::Keys + ThreadX(); }
  DEVICE bool IsThere(int tile) const {
    return ThreadX() < Shape::Keys && tile < range.tileEnd && KeyOf(tile) >= range.first && KeyOf(tile) < range.end;
  }
  DEVICE int32 Entry(int tile) const { return IsThere(tile) ? rows.Entry(KeyOf(tile)) : 0; }
  DEVICE void Note(int tile, int stage, int32 entry) const {
    if (ThreadX() < Shape::Keys) table[stage * Shape::Keys + ThreadX()] = IsThere(tile) ? rows.Row(entry, KeyOf(tile)) : -1;
  }

  /// Fills the tables of the first tiles; a barrier must follow before copies start.
  DEVICE void NoteFirst() const {
    int32 entries[Shape::Stages];
#pragma unroll
    for (int i = 0; i < Shape::Stages; i++) entries[i] = Entry(range.tile + i);
#pragma unroll
    for (int i = 0; i < Shape::Stages; i++) Note(range.tile + i, i, entries[i]);
  }

  /// Starts a tile's copies as one group; past the split's end the group is empty, because the waits count groups.
  DEVICE void Copy(int tile, int stage) const {
    if (tile < range.tileEnd) CopyTile<Size>(Stage(stage), k, v, table + stage * Shape::Keys);
    CommitCopies();
  }
};
