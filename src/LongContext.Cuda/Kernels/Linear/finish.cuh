// What happens to a product's sum on its way to memory: the row's factor, bias, gated unit, residual, scale and cap, all in float32. A product whose
// sum with something follows is rounded by name: an assembler may fuse the two, and in one kernel and not in the other that a row may come through.
#pragma once
#include "Common/arithmetic.cuh"
#include "GatedUnits/activations.cuh"
#include "Linear/parameters.cuh"

DEVICE float Activate(float x, int activation) {
  switch (activation) {
    case 0: return Silu::Value(x);
    case 1: return Gelu::Value(x);
    case 2: return GeluTanh::Value(x);
    default: return Relu::Value(x);
  }
}

/// `CodeFactor`: what values that a kernel makes of 8-bit codes lack.
template <typename T, int Format> DEVICE float Biased(const LinearMatrix& m, int row, float sum, float codeFactor) {
  if constexpr (Format == Int8Weights || Format == Float8Weights) sum = MultiplyRounded(sum, ((const float*)m.scales)[row] * codeFactor);
  return m.bias ? AddRounded(sum, ToFloat(((const T*)m.bias)[row])) : sum;
}

template <typename T> DEVICE void Write(const LinearParameters& p, const LinearMatrix& m, int row, int token, float value) {
  if (p.residual && m.firstTile == 0) value = AddRounded(value, ToFloat(((const T*)p.residual)[token * p.residualStride + row]));
  value = p.cap > 0 ? p.cap * Tanh(value * p.scaleOverCap) : value * p.scale;
  const int64 at = token * m.yStride + row;
  if (p.floatOutput)
    ((float*)m.y)[at] = value;
  else
    ((T*)m.y)[at] = FromFloat<T>(value);
}

/// One result, from the sums of row `inTile` of a tile and, in gated units, of the row of up.
template <typename T, int Format> DEVICE void Finish(const LinearParameters& p, int tile, int inTile, int token, float sum, float up, float codeFactor = 1) {
  const bool isUnit = p.activation >= 0;
  const LinearMatrix m = MatrixOf(p, tile);
  const int row = isUnit ? tile * 8 + inTile : (tile - m.firstTile) * 16 + inTile;
  if (row >= m.outputs || token >= p.rows) return;
  float value = Biased<T, Format>(m, row, sum, codeFactor);
  if (isUnit) value = MultiplyRounded(Activate(value, p.activation), Biased<T, Format>(p.second, row, up, codeFactor));
  Write<T>(p, m, row, token, value);
}
