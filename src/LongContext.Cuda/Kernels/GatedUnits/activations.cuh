// The activations of gated units and their slopes, in float32.
#pragma once
#include "Common/arithmetic.cuh"

/// f(x) and f′(x).
struct ValueAndSlope {
  float value, slope;
};

/// x·σ(x); slope σ + x·σ·(1 − σ).
struct Silu {
  static DEVICE float Value(float x) { return x * SigmoidAndRest(x).value; }
  static DEVICE ValueAndSlope Both(float x) {
    const SigmoidOfBoth s = SigmoidAndRest(x);
    const float value = x * s.value;
    return {value, s.value + value * s.rest};
  }
};

/// x·Φ(x), Φ(x) = ½·erfc(−x/√2); slope Φ + x·φ. Both tails keep their relative precision: 1 + erf would cancel on the left.
struct Gelu {
  static DEVICE ValueAndSlope Both(float x) {
    const float bell = Exp2(x * x * (-0.5f * Log2E)); // e^(−x²/2)
    const float tail = 0.5f * bell * ScaledErrorFunction(__builtin_fabsf(x) * 0.70710678118654752f); // Φ(−|x|)
    const float phi = x < 0 ? tail : 1.0f - tail;
    // Where the bell is 0, x·φ is too, infinite x included.
    return {x * phi, phi + (bell == 0 ? 0.0f : x * bell * 0.3989422804014327f)};
  }
  static DEVICE float Value(float x) { return Both(x).value; }
};

/// ½x·(1 + tanh u) = x·σ(2u), u = √(2/π)·(x + 0.044715x³); slope σ + x·σ·(1 − σ)·2u′.
struct GeluTanh {
  static constexpr float Factor = 1.5957691216057308f; // 2·√(2/π)
  static DEVICE float Value(float x) { return x * SigmoidAndRest(Factor * (x + 0.044715f * x * x * x)).value; }
  static DEVICE ValueAndSlope Both(float x) {
    const SigmoidOfBoth s = SigmoidAndRest(Factor * (x + 0.044715f * x * x * x));
    const float value = x * s.value;
    // Far out the slope of u overflows where σ·(1 − σ) is 0.
    const float bend = s.rest == 0 || value == 0 ? 0.0f : value * s.rest * (Factor * (1.0f + 0.134145f * x * x));
    return {value, s.value + bend};
  }
};

struct Relu {
  static DEVICE float Value(float x) { return x > 0 ? x : 0.0f; }
  static DEVICE ValueAndSlope Both(float x) { return {Value(x), x > 0 ? 1.0f : 0.0f}; }
};
