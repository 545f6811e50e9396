// Keys and values as codes of a byte with a float32 scale for each token and head: value = number of the code · scale, rounded to the model's type.
#pragma once
#include "Decoding/instructions.cuh"

constexpr int Int8Codes = 1, Float8Codes = 2;
constexpr float LargestInt8 = 127, LargestFloat8 = 448; // e4m3

/// What a float8's number has to be multiplied with beside the scale: e4m3's bits are read as float16's, whose exponents are 8 larger.
DEVICE float CodeFactor(int codes) { return codes == Float8Codes ? 256.0f : 1.0f; }

/// The number of the code in the lowest byte, without its factor. Exact, subnormal ones included.
DEVICE float NumberOf(int codes, uint32 code) {
  if (codes == Int8Codes) return (float)(int32)(signed char)(code & 0xFF);
  return ToFloat(Float16{(uint16)((code & 0x80) << 8 | (code & 0x7F) << 7)});
}

/// Sixteen codes as numbers of the type, in two chunks. The factor is a power of two: it rounds nothing.
template <typename T> DEVICE void WidenCodes(int codes, const UInt4& chunk, float scale, UInt4& low, UInt4& high) {
  const float factor = scale * CodeFactor(codes);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const uint32 word = chunk[i];
    const uint32 first = Pack<T>(NumberOf(codes, word) * factor, NumberOf(codes, word >> 8) * factor);
    const uint32 second = Pack<T>(NumberOf(codes, word >> 16) * factor, NumberOf(codes, word >> 24) * factor);
    if (i < 2) {
      low[2 * i] = first;
      low[2 * i + 1] = second;
    } else {
      high[2 * i - 4] = first;
      high[2 * i - 3] = second;
    }
  }
}

/// The scale of numbers whose largest magnitude is given, and what they are divided by.
DEVICE float ScaleOf(int codes, float largest) { return largest * (codes == Int8Codes ? 1 / LargestInt8 : 1 / LargestFloat8); }

/// The code of a number that was divided by its scale: to nearest, ties to even.
DEVICE uint32 CodeOf(int codes, float x) {
  if (codes == Int8Codes) return (uint32)(int32)__builtin_rintf(x) & 0xFF;
  const float magnitude = __builtin_fabsf(x);
  const uint32 bits = __builtin_bit_cast(uint32, magnitude);
  const uint32 normal = ((bits + 0x7FFFF + (bits >> 20 & 1)) >> 20) - (120 << 3), small = (uint32)(int32)__builtin_rintf(magnitude * 512);
  const uint32 code = magnitude < 0.015625f ? small : normal;
  return (code < 0x7E ? code : 0x7E) | (x < 0 ? 0x80 : 0);
}
