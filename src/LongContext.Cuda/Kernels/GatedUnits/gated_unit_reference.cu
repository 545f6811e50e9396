// Gated units as plainly as can be: a second oracle, and slow. A thread an element over rows of any stride; the activations are written
// as their definitions are, with erf by its series and continued fraction. Results lie elsewhere than inputs.
// Grid: ⌈rows · columns / 64⌉ blocks of 64. Called by GatedUnitKernel where it is to be Plain.
#include "Common/arithmetic.cuh"
#include "GatedUnits/parameters.cuh"

/// e^x by powers of two and a series.
DEVICE float ExpBySeries(float x) {
  if (x < -100.0f) return 0.0f;
  if (x > 88.0f) return Infinity;
  const float whole = __builtin_rintf(x * Log2E), rest = __builtin_fmaf(whole, -1.42860677e-6f, __builtin_fmaf(whole, -0.693145752f, x));
  float term = 1.0f, sum = 1.0f;
  for (int i = 1; i < 12; i++) {
    term *= rest / (float)i;
    sum += term;
  }
  const float half = __builtin_rintf(whole * 0.5f); // in two steps: 2^whole may lie below the smallest normal number
  return sum * __builtin_bit_cast(float, ((int)half + 127) << 23) * __builtin_bit_cast(float, ((int)(whole - half) + 127) << 23);
}

/// Φ(x).
DEVICE float Normal(float x) {
  const float z = __builtin_fabsf(x), bell = 0.3989422804014327f * ExpBySeries(-0.5f * z * z);
  if (z < 1.0f) { // Φ = ½ + φ·(z + z³/3 + z⁵/15 + …)
    float term = z, sum = z;
    for (int i = 1; i < 20; i++) {
      term *= z * z / (float)(2 * i + 1);
      sum += term;
    }
    return x < 0 ? 0.5f - bell * sum : 0.5f + bell * sum;
  }
  float fraction = 0; // 1 − Φ = φ/(z + 1/(z + 2/(z + 3/…)))
  for (int i = 80; i > 0; i--) fraction = (float)i / (z + fraction);
  const float tail = bell / (z + fraction);
  return x < 0 ? tail : 1.0f - tail;
}

template <int Kind> DEVICE void Activate(float x, float& value, float& slope) {
  if constexpr (Kind == 0) {
    const float s = 1.0f / (1.0f + ExpBySeries(-x));
    value = x * s;
    slope = s * (1.0f + x * (1.0f - s));
  } else if constexpr (Kind == 1) {
    const float phi = Normal(x);
    value = x * phi;
    slope = phi + x * 0.3989422804014327f * ExpBySeries(-0.5f * x * x);
  } else if constexpr (Kind == 2) {
    const float u = 0.7978845608028654f * (x + 0.044715f * x * x * x), s = 1.0f / (1.0f + ExpBySeries(-2.0f * u));
    value = x * s;
    slope = s + x * 2.0f * s * (1.0f - s) * 0.7978845608028654f * (1.0f + 0.134145f * x * x);
  } else {
    value = x > 0 ? x : 0.0f;
    slope = x > 0 ? 1.0f : 0.0f;
  }
}

template <typename T, int Kind> DEVICE void Compute(const GatedUnitParameters& p, bool backward) {
  const int64 at = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (at >= p.rows * p.columns) return;
  const int64 row = at / p.columns, i = at % p.columns;
  const float b = ToFloat(((const T*)p.up)[row * p.upStride + i]);
  float value, slope;
  Activate<Kind>(ToFloat(((const T*)p.gate)[row * p.gateStride + i]), value, slope);
  if (!backward) {
    ((T*)p.product)[row * p.productStride + i] = FromFloat<T>(value * b);
    return;
  }
  const float d = ToFloat(((const T*)p.gradient)[row * p.gradientStride + i]);
  ((T*)p.gateGradient)[row * p.gateGradientStride + i] = FromFloat<T>(d * b * slope);
  ((T*)p.upGradient)[row * p.upGradientStride + i] = FromFloat<T>(d * value);
}

#define ENTRIES(NAME, KIND)                                                                                                            \
  extern "C" __global__ void gated_unit_forward_##NAME##_reference(const GatedUnitParameters p) { Compute<ELEMENT, KIND>(p, false); }  \
  extern "C" __global__ void gated_unit_backward_##NAME##_reference(const GatedUnitParameters p) { Compute<ELEMENT, KIND>(p, true); }

ENTRIES(silu, 0)
ENTRIES(gelu, 1)
ENTRIES(gelu_tanh, 2)
ENTRIES(relu, 3)
