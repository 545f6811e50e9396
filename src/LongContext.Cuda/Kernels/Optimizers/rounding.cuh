// float32 to a weight's type: to the nearest, or for bfloat16 up with the probability of the part that is cut off, by 16 bits that are a
// hash of key and index. The same bits as StochasticRounding of the host, for what is finite and what is not.
#pragma once
#include "Common/vector.cuh"

DEVICE BFloat16 RoundStochastically(float x, uint64 key, uint32 index) {
  uint32 random = index ^ (uint32)key;
  random = (random ^ (random >> 16)) * 0x7FEB352Du;
  random = (random ^ (random >> 15) ^ (uint32)(key >> 32)) * 0x846CA68Bu;
  random = (random ^ (random >> 16)) & 0xFFFFu;
  const uint32 bits = __builtin_bit_cast(uint32, x);
  uint32 result = bits + random;
  // Of what is not finite infinity stays, and NaN keeps a bit of its mantissa.
  if ((bits & 0x7F800000u) == 0x7F800000u) result = (bits & 0x007FFFFFu) ? bits | 0x00400000u : bits;
  return BFloat16{(uint16)(result >> 16)};
}

template <typename T> DEVICE T RoundWeight(float x, int stochastic, uint64 key, uint32 index) {
  if constexpr (IsHalf<T>) {
    if constexpr (T::IsBFloat16) {
      if (stochastic) return RoundStochastically(x, key, index);
    }
  }
  return FromFloat<T>(x);
}

/// Four neighbours, as they go to memory.
template <typename T> DEVICE void StoreWeights(T* weights, int64 first, const float (&values)[4], int stochastic, uint64 key, uint32 index) {
  if constexpr (IsHalf<T>) {
    if (T::IsBFloat16 && stochastic) {
      Words2 words;
#pragma unroll
      for (int i = 0; i < 2; i++)
        words[i] = RoundStochastically(values[2 * i], key, index + 2 * i).bits | (uint32)RoundStochastically(values[2 * i + 1], key, index + 2 * i + 1).bits << 16;
      *(Words2*)(weights + first) = words;
      return;
    }
  }
  StoreValues(weights, first, values);
}
