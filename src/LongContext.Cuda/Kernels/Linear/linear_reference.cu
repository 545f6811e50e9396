// Products of few rows as plainly as can be: a second oracle, and the way for shapes that the fast kernels do not take. A thread a result, every
// weight made in float32 as it is defined. Grid: ⌈rows · outputs / 64⌉ blocks of 64 along x, outputs of all matrices (of the gate, in a gated
// unit) counted in tiles of 16 (8). Called by LinearKernel.
// -DELEMENT=BFloat16|Float16
#include "Linear/finish.cuh"

DEVICE float Codebook(int code) {
  constexpr float values[16] = {-1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
                                -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
                                0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
  float value = 0;
#pragma unroll
  for (int i = 0; i < 16; i++) value = code == i ? values[i] : value; // no array that is indexed at run time
  return value;
}

/// e4m3: a sign, four bits of exponent with bias 7, three of mantissa.
DEVICE float Float8(uint8 code) {
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  const float magnitude = exponent == 0 ? mantissa * 0.001953125f : __builtin_bit_cast(float, (exponent + 120) << 23 | mantissa << 20);
  return code & 128 ? -magnitude : magnitude;
}

template <typename T, int Format> DEVICE float WeightAt(const LinearParameters& p, const LinearMatrix& m, int row, int i) {
  const uint8* bytes = (const uint8*)m.codes;
  if constexpr (Format == PlainWeights) return ToFloat(((const T*)m.codes)[(int64)row * p.inputs + i]);
  if constexpr (Format == Int8Weights) return (float)((const int8*)m.codes)[(int64)row * p.inputs + i];
  if constexpr (Format == Float8Weights) return Float8(bytes[(int64)row * p.inputs + i]);
  const int both = bytes[(int64)row * CeilDivide(p.inputs, 2) + i / 2];
  const uint32 group = (uint32)row * p.groups + i / p.groupSize;
  if constexpr (Format == Int4Weights) return ((const float*)m.scales)[group] * (float)((i % 2 == 0 ? both & 15 : both >> 4) - (m.zeros ? m.zeros[group] : 8));
  return Codebook(i % 2 == 0 ? both >> 4 : both & 15) * MagnitudeOf(m, group);
}

template <typename T, int Format> DEVICE float Sum(const LinearParameters& p, const LinearMatrix& m, int row, int token) {
  const T* x = (const T*)p.x + token * p.xStride;
  float sum = 0;
  if (row < m.outputs)
    for (int i = 0; i < p.inputs; i++) sum += ToFloat(x[i]) * WeightAt<T, Format>(p, m, row, i);
  return sum;
}

template <typename T, int Format> DEVICE void Compute(const LinearParameters& p) {
  const int wide = p.activation < 0 ? 16 : 8;
  const int64 at = (int64)BlockX() * BlockSizeX() + ThreadX(), columns = (int64)p.tiles * wide;
  if (at >= p.rows * columns) return;
  const int token = (int)(at / columns), column = (int)(at % columns), tile = column / wide, inTile = column % wide;
  if (p.activation < 0) {
    const LinearMatrix m = MatrixOf(p, tile);
    Finish<T, Format>(p, tile, inTile, token, Sum<T, Format>(p, m, (tile - m.firstTile) * 16 + inTile, token), 0);
  } else {
    Finish<T, Format>(p, tile, inTile, token, Sum<T, Format>(p, p.first, column, token), Sum<T, Format>(p, p.second, column, token));
  }
}

#define ENTRY(NAME, FORMAT) \
  extern "C" __global__ void linear_reference_##NAME(const LinearParameters p) { Compute<ELEMENT, FORMAT>(p); }

ENTRY(plain, PlainWeights)
ENTRY(int8, Int8Weights)
ENTRY(float8, Float8Weights)
ENTRY(int4, Int4Weights)
ENTRY(nf4, Nf4Weights)
