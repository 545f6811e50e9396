// bfloat16 and float16 as bits, and their way to and from float32. Rounding is to nearest, ties to even.
#pragma once
#include "Common/cuda.cuh"

struct BFloat16 {
  uint16 bits;
  static constexpr bool IsBFloat16 = true;
};

struct Float16 {
  uint16 bits;
  static constexpr bool IsBFloat16 = false;
};

DEVICE float ToFloat(float x) { return x; }
DEVICE float ToFloat(BFloat16 x) {
  uint32 bits = (uint32)x.bits << 16;
  return __builtin_bit_cast(float, bits);
}
DEVICE float ToFloat(Float16 x) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
}

template <typename T> DEVICE T FromFloat(float x);
template <> DEVICE float FromFloat<float>(float x) { return x; }
template <> DEVICE BFloat16 FromFloat<BFloat16>(float x) {
  BFloat16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
}
template <> DEVICE Float16 FromFloat<Float16>(float x) {
  Float16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
}

/// Two values in one 32-bit register: `low` in the lower half, as in memory.
template <typename T> DEVICE uint32 Pack(float low, float high) {
  uint32 result;
  if constexpr (T::IsBFloat16)
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  else
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
  return result;
}

template <typename T> DEVICE float Low(uint32 pair) { return ToFloat(T{(uint16)pair}); }
template <typename T> DEVICE float High(uint32 pair) { return ToFloat(T{(uint16)(pair >> 16)}); }
