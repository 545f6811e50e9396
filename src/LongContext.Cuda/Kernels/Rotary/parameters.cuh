// What the rotary kernels are given. Mirrored, field by field, by RotaryParameters.cs.
//
// q is [tokens, heads, size] and k [tokens, keyHeads, size]: a token's heads lie together, a token is `…Stride` elements after the one before
// it, so that q and k may be slices of one projection. The results are laid out alike and may be q and k themselves.
#pragma once
#include "Common/vector.cuh"

struct RotaryParameters {
  const void* q;
  const void* k;          // null where keyHeads is 0
  void* rotatedQ;
  void* rotatedK;
  const void* cos;        // rows of `rotated` elements, of which the first half is read; the second repeats it
  const void* sin;
  const int32* positions; // row of a token in the tables; null where it is the token's own number
  int64 qStride, kStride, rotatedQStride, rotatedKStride, tableStride;
  int32 tokens, heads, keyHeads, size;
  int32 rotated;          // leading elements of a head that turn; even
  int32 copies;           // whether the elements beyond them are copied: the results lie elsewhere
  float direction;        // 1, or −1 to turn back: the backward
  int32 reserved;
};
