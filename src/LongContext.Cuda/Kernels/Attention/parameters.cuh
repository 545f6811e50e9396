// What every attention kernel over packs is given. Mirrored, field by field, by AttentionParameters.cs.
//
// q, o and their gradients are [tokens, heads, size], k, v and theirs [keys, keyHeads, size], in 16-bit floating point; a token's heads lie
// together, a token is `…Stride` elements after the one before it (so that q, k and v may be slices of one projection). Every row starts at a
// multiple of 16 bytes.
// Documents: queries queryBorders[d] … queryBorders[d + 1] and keys keyBorders[d] … keyBorders[d + 1] belong to document d, whose queries are
// its last tokens: query i of n stands at position p = i + keys − n. It sees key j where p − windowLeft ≤ j ≤ p + windowRight. No limit is
// NoWindow, causal is windowRight = 0.
// Score: s = scale · q·k, or cap · tanh(scale · q·k / cap) where cap > 0. scale > 0.
#pragma once
#include "Common/cuda.cuh"

constexpr int32 NoWindow = 1 << 30; // positions are below 2^30, so that a position ± a window stays an int32

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
  float* delta;              // [heads, tokens] Σ o · ∂o, written by the preparing kernel
  float* logSumExp2;         // [heads, tokens] logSumExp · log2 e, +∞ where a query sees nothing; written by the preparing kernel
  float* gradientQSum;       // float32 sums of ∂q in the order of the kernel that adds to them, zeroed; null where ∂q has its own
                             // kernel (deterministic)  … to here
  const int32* queryBorders; // [documents + 1]
  const int32* keyBorders;   // [documents + 1]
  const int32* work;         // [items, 2]: document, tile; the longest work first
  int32 qStride, kStride, vStride, oStride; // elements from a token to the next
  int32 gradientOStride, gradientQStride, gradientKStride, gradientVStride;
  int32 tokens, keys;
  int32 heads, keyHeads;
  int32 items;
  int32 windowLeft, windowRight;
  float scale, cap;
  int32 size;    // elements of a head; kernels made for one size do not read it
  int32 sumRows; // query rows of a tile of gradientQSum
};
