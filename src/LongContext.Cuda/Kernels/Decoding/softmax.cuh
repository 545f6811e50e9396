// The online softmax over the scores of 16 rows × 16 keys that a warp holds as two product fragments.
//
// Each lane has rows lane / 4 (i = 0) and lane / 4 + 8 (i = 1). Scores are kept times log2 e, so that exp is the hardware's 2^x.
#pragma once
#include "Decoding/instructions.cuh"

/// What a row has seen so far: its greatest score and Σ 2^(s − maximum), the latter of this lane's columns alone until the end.
struct SoftmaxState {
  float maximum[2] = {-Infinity, -Infinity};
  float sum[2] = {0, 0};
};

/// From a product q·k to its score times log2 e.
struct Scoring {
  float factor;   // scale · log2 e, or 2 · scale / cap · log2 e under a cap
  float cap;      // cap · log2 e, or 0

  DEVICE Scoring(float scale, float softCap)
      : factor(softCap > 0 ? 2 * Log2E * scale / softCap : Log2E * scale), cap(softCap > 0 ? softCap * Log2E : 0) {}

  /// tanh(x) = 1 − 2 / (1 + e^2x) is right to float32's rounding of 1; tanh.approx is right to 2⁻¹¹ only.
  DEVICE float operator()(float product) const {
    const float x = product * factor;
    return cap > 0 ? cap * (1 - 2 * Reciprocal(1 + Exp2(x))) : x;
  }

  DEVICE void Apply(float (&s)[2][4]) const {
#pragma unroll
    for (int i = 0; i < 8; i++) s[i / 4][i % 4] *= factor;
    if (!(cap > 0)) return; // one branch, not eight
#pragma unroll
    for (int i = 0; i < 8; i++) s[i / 4][i % 4] = cap * (1 - 2 * Reciprocal(1 + Exp2(s[i / 4][i % 4])));
  }
};

/// Turns scores into weights 2^(s − maximum); `factor` is what earlier sums and results have to be multiplied with.
/// Returns whether any row of the warp has a factor other than 1.
DEVICE bool Soften(float (&s)[2][4], SoftmaxState& state, float (&factor)[2]) {
  bool changed = false;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    float maximum = __builtin_fmaxf(__builtin_fmaxf(s[0][2 * i], s[0][2 * i + 1]), __builtin_fmaxf(s[1][2 * i], s[1][2 * i + 1]));
    maximum = __builtin_fmaxf(maximum, ShuffleXor(maximum, 1));
    maximum = __builtin_fmaxf(maximum, ShuffleXor(maximum, 2));
    maximum = __builtin_fmaxf(maximum, state.maximum[i]);
    const float base = maximum == -Infinity ? 0 : maximum; // nothing seen yet: −∞ − (−∞) would be NaN
    factor[i] = Exp2(state.maximum[i] - base);
    changed |= maximum != state.maximum[i];
    state.maximum[i] = maximum;
    float sum = 0;
#pragma unroll
    for (int n = 0; n < 2; n++)
#pragma unroll
      for (int j = 2 * i; j < 2 * i + 2; j++) {
        s[n][j] = Exp2(s[n][j] - base);
        sum += s[n][j];
      }
    state.sum[i] = state.sum[i] * factor[i] + sum;
  }
  return AnyInWarp(changed);
}
