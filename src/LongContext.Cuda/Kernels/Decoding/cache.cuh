// Where a sequence's keys lie in the cache, and which of them one split sees.
#pragma once
#include "Decoding/parameters.cuh"

DEVICE int KeyCount(const DecodingParameters& p, int sequence) {
  return p.lengths ? p.lengths[sequence] : p.keyBorders[sequence + 1] - p.keyBorders[sequence];
}

/// From a key of one sequence to its row of the cache, in two steps, so that something can be done while the page table's entry is on its way.
/// Only keys that a query sees are asked for: pages before the window may have been given back.
struct CacheRows {
  const int32* pages; // the sequence's, or null
  int32 start;        // contiguous: the row of its first key
  int32 shift, mask;

  DEVICE CacheRows(const DecodingParameters& p, int sequence)
      : pages(p.pages ? p.pages + (int64)sequence * p.maxPages : nullptr), start(p.pages ? 0 : p.keyBorders[sequence]), shift(p.pages ? p.pageShift : 0),
        mask(p.pages ? (1 << p.pageShift) - 1 : -1) {}

  DEVICE int32 Entry(int key) const { return pages ? pages[key >> shift] : start; }
  DEVICE int32 Row(int32 entry, int key) const { return (entry << shift) + (key & mask); }
};

/// The first key that the query at this position sees.
DEVICE int FirstSeen(int position, int windowLeft) { return windowLeft >= position ? 0 : position - windowLeft; }

/// Keys first … end of a sequence are seen by some query. They lie in tiles firstTile … endTile, of which this split has `tile` … `tileEnd`.
/// All of it follows from the present lengths, so that a plan made for shorter sequences, or a captured graph, stays right as they grow.
struct KeyRange {
  int first, end;
  int tile, tileEnd;
};

template <int TileKeys> DEVICE KeyRange SplitKeys(int keys, int tokens, int windowLeft, int split, int splits) {
  KeyRange range;
  range.end = Max(keys, 0);
  range.first = Min(FirstSeen(keys - tokens, windowLeft), range.end);
  const int firstTile = range.first / TileKeys;
  const int count = range.first < range.end ? CeilDivide(range.end, TileKeys) - firstTile : 0;
  const int each = count / splits, more = count % splits; // the first `more` splits have one tile more than the others
  range.tile = firstTile + split * each + Min(split, more);
  range.tileEnd = range.tile + each + (split < more ? 1 : 0);
  return range;
}
