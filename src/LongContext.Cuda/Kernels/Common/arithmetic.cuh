// float32 arithmetic that is rounded after each operation, for results that must have the bits of the host's, and functions by the
// hardware's 2^x. The compiler joins plain products and sums to one instruction; these it does not.
#pragma once
#include "Common/cuda.cuh"

DEVICE float MultiplyRounded(float a, float b) {
  float result;
  asm("mul.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}
DEVICE float AddRounded(float a, float b) {
  float result;
  asm("add.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}
DEVICE float SubtractRounded(float a, float b) {
  float result;
  asm("sub.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}
DEVICE float DivideRounded(float a, float b) {
  float result;
  asm("div.rn.f32 %0, %1, %2;" : "=f"(result) : "f"(a), "f"(b));
  return result;
}
DEVICE float RootRounded(float a) {
  float result;
  asm("sqrt.rn.f32 %0, %1;" : "=f"(result) : "f"(a));
  return result;
}

/// 1/√x, relative error below 2^-22.
DEVICE float InverseRoot(float x) {
  float result;
  asm("rsqrt.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Reciprocal(float x) {
  float result;
  asm("rcp.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Exp2(float x) {
  float result;
  asm("ex2.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Log2(float x) {
  float result;
  asm("lg2.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

DEVICE float Exp(float x) { return Exp2(x * Log2E); }

/// σ(x) = 1/(1 + e^−x) and 1 − σ(x) = σ(−x), both with the relative error of a few roundings. The difference would keep the reciprocal's error, which a
/// large x makes large: rcp.approx may be one unit off at 1 as well.
struct SigmoidOfBoth {
  float value, rest;
};
DEVICE SigmoidOfBoth SigmoidAndRest(float x) {
  const float shrinks = Exp2(__builtin_fabsf(x) * -Log2E), large = Reciprocal(1.0f + shrinks), small = shrinks * large;
  return x < 0 ? SigmoidOfBoth{small, large} : SigmoidOfBoth{large, small};
}

/// tanh x with a relative error of a few roundings everywhere: tanh.approx has 11 bits, and 1 − 2/(1 + e^2x) loses what is small.
DEVICE float Tanh(float x) {
  const float magnitude = __builtin_fabsf(x), square = x * x;
  float series = -0.006269119679927826f;
  series = series * square + 0.021110959351062775f;
  series = series * square - 0.053873948752880096f;
  series = series * square + 0.13332915306091309f;
  series = series * square - 0.3333333134651184f;
  const float small = x + x * square * series;
  const float large = __builtin_copysignf(1.0f - 2.0f * Reciprocal(1.0f + Exp2(magnitude * (2 * Log2E))), x);
  return magnitude < 0.6f ? small : large;
}

/// e^(z²)·erfc(z) for z ≥ 0, relative error below 3e-7: t·P(t), t = 1/(1 + 0.4z), fitted for 0 ≤ z ≤ 11.
DEVICE float ScaledErrorFunction(float z) {
  const float t = Reciprocal(1.0f + 0.4f * z);
  float series = -0.03194049000740051f;
  series = series * t + 0.2100292593240738f;
  series = series * t - 0.5252057909965515f;
  series = series * t + 0.579936683177948f;
  series = series * t - 0.3089730143547058f;
  series = series * t + 0.2838785946369171f;
  series = series * t + 0.12610726058483124f;
  series = series * t + 0.215570330619812f;
  series = series * t + 0.22488771378993988f;
  series = series * t + 0.22570949792861938f;
  return t * series;
}
