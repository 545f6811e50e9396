// What the decoding kernels are given. Mirrored, field by field, by the structs of the same names in Decoding/*.cs.
//
// Decoding: each sequence has 0 … 16 new query tokens and a cache of keys and values, whose last rows are those of the query tokens
// themselves (cache_append runs before). Query i of n of a sequence with L keys stands at position p = L − n + i and sees key j where
// max(0, p − windowLeft) ≤ j ≤ p; one that stands before position 0 sees nothing: its result is 0, its log-sum-exp −∞.
// Score: s = scale · q·k, or cap · tanh(scale · q·k / cap) where cap > 0.
//
// The cache is one array of rows [rows, keyHeads, size] for k and one for v, a row `…Stride` elements after the one before it. Key j of
// sequence s is in row
//   contiguous:  keyBorders[s] + j;
//   paged:       pages[s, j >> pageShift] · 2^pageShift + (j & (2^pageShift − 1)), where `pages` is not null.
// Its length is lengths[s], or keyBorders[s + 1] − keyBorders[s] where `lengths` is null.
// A coded cache holds bytes: a row has the codes [keyHeads, size], and from `scaleStart` on a float32 scale for each head; strides are in bytes.
#pragma once
#include "Common/cuda.cuh"

struct DecodingParameters {
  const void* q;             // [tokens, heads, size]
  const void* k;             // [rows, keyHeads, size]
  const void* v;
  void* o;                   // [tokens, heads, size]
  float* logSumExp;          // [heads, tokens], natural logarithm; null: not wanted
  float* partials;           // [slots, maxTokens · heads, size]: each split's own result
  float* partialLogSumExp;   // [slots, maxTokens · heads]: its log2 Σ 2^(s · log2 e); −∞ where it sees nothing (partials are then not written)
  const int32* queryBorders; // [sequences + 1]: tokens queryBorders[s] … queryBorders[s + 1] are sequence s's
  const int32* lengths;      // [sequences] keys, those of the query tokens included; or null
  const int32* keyBorders;   // contiguous: [sequences + 1]; null where paged
  const int32* pages;        // paged: [sequences, maxPages]; null where contiguous
  const int32* work;         // [items, 4]: sequence, split, splits of that sequence, slot; the longest work first; −1 fills up
  int32 qStride, kStride, vStride, oStride; // elements from a token or row to the next
  int32 tokens, heads, keyHeads;
  int32 maxTokens;           // query tokens of a sequence at most
  int32 items;
  int32 maxPages, pageShift;
  int32 rowWarps, rowBlocks; // warps of a block that have rows of their own (1, 2 or 4; 2 at most for size 256); blocks over the rows of one key head
  int32 windowLeft;
  float scale, cap;
  int32 codes;               // coded kernels: what a code is (coded.cuh)
  int32 scaleStart;          // coded kernels: bytes from a row's first code to its scales
};

struct DecodingCombineParameters {
  const float* partials;         // as above
  const float* partialLogSumExp;
  void* o;
  float* logSumExp;
  const int32* queryBorders;
  const int32* sequences;        // [items, 4]: sequence, splits, first slot, 0: the sequences of more than one split; −1 fills up
  int32 oStride;
  int32 tokens, heads, maxTokens, items;
  int32 reserved;
};

struct CacheAppendParameters {
  void* q;                   // [tokens, heads, size], rotated in place; null: only k and v
  const void* k;             // [tokens, keyHeads, size]
  const void* v;
  void* kCache;              // [rows, keyHeads, size]
  void* vCache;
  const int32* slots;        // [tokens]: the row that a token goes to; negative: to none
  const int32* positions;    // [tokens]: rows of the tables; null: no rotation
  const float* cosines;      // [positions, rotarySize / 2]
  const float* sines;
  int32 qStride, kStride, vStride, kCacheStride, vCacheStride;
  int32 tokens, heads, keyHeads, size;
  int32 rotarySize;          // the first elements of a head that turn: a multiple of 16; 0: none
  int64 cacheRows;           // slots from here on are dropped: nothing is written outside the cache
  int32 codes;               // coded kernel: what a code is
  int32 scaleStart;          // coded kernel: bytes from a row's first code to its scales
};

struct CodedRowsParameters {
  const void* from;          // coded rows
  void* to;                  // coded rows, or numbers [rows, keyHeads, size]
  const int32* sources;      // gathered: [rows], moved: [rows, keyHeads]
  const int32* targets;      // moved: [rows]
  int32 rows, keyHeads, size;
  int32 stride;              // bytes of a coded row
  int32 codes, scaleStart;
  int64 cacheRows;
};
