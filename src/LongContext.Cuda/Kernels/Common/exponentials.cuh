// Exponentials and what is made of them, by the instructions that approximate them to about float32's rounding.
#pragma once
#include "Common/cuda.cuh"

DEVICE float Exp2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Reciprocal(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Log2(float x) {
  float result;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
/// tanh x = 1 − 2 / (e^2x + 1), given 2x · log2 e: exact to float32's rounding of values near 1, where tanh.approx has 11 bits.
DEVICE float TanhOfLog2(float twice) { return 1 - 2 * Reciprocal(Exp2(twice) + 1); }
