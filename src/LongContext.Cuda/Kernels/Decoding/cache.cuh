// Where a sequence's keys lie in the cache, and which of them one split sees.
#pragma once
#include "Decoding/parameters.cuh"

DEVICE int KeyCount(const DecodingParameters& p, int sequence) {
  return p.lengths ? p.lengths[sequence] : p.keyBorders[sequence + 1] - p.keyBorders[sequence];
}

/// The cache's row of key j. Only keys that a query sees are asked for: pages before the window may have been given back.
DEVICE int CacheRow(const DecodingParameters& p, int sequence, int j) {
  if (!p.pages) return p.keyBorders[sequence] + j;
  const int page = p.pages[(int64)sequence * p.maxPages + (j >> p.pageShift)];
  return (page << p.pageShift) + (j & ((1 << p.pageShift) - 1));
}

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
