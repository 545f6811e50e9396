// What every attention kernel over packs is given. Mirrored, field by field, by AttentionParameters.cs.
//
// q, o and their gradients are [tokens, heads, size], k, v and theirs [keys, keyHeads, size], in 16-bit floating point; a token's heads lie
// together, a token is `…Stride` elements after the one before it (so that q, k and v may be slices of one projection).
// Documents: queries queryBorders[d] … queryBorders[d + 1] and keys keyBorders[d] … keyBorders[d + 1] belong to document d, whose queries are
// its last tokens: query i of n stands at position p = i + keys − n. It sees key j where p − windowLeft ≤ j ≤ p + windowRight.
// Score: s = scale · q·k, or cap · tanh(s / cap) where cap > 0.
#pragma once
#include "Common/cuda.cuh"

struct AttentionParameters {
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* logSumExp;          // [heads, tokens], natural logarithm of Σ exp(s); −∞ where a query sees nothing
  const void* gradientO;     // backward only, from here …
  void* gradientQ;
  void* gradientK;
  void* gradientV;
  float* delta;              // [heads, tokens] Σ o · ∂o
  float* gradientQSum;       // [tokens, heads, size] float32, zeroed; null where ∂q has its own kernel (deterministic)  … to here
  const int32* queryBorders; // [documents + 1]
  const int32* keyBorders;   // [documents + 1]
  const int32* work;         // [items, 2]: document, tile; the longest work first
  int32 qStride, kStride, vStride, oStride; // elements from a token to the next
  int32 tokens, keys;
  int32 heads, keyHeads;
  int32 items;
  int32 windowLeft, windowRight;
  float scale, cap;
  int32 reserved;
};
