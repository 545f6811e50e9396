// Softmax in base 2 over rows that arrive tile by tile.
//
// A score is x = q·k, or tanh(scale · q·k / cap) where there is a cap; its weight is 2^(c · (x − m)) with c = scale · log2 e, or
// cap · log2 e, and m the row's largest x so far. When m grows, what was summed before shrinks by 2^(c · (m before − m)).
#pragma once
#include "Attention/parameters.cuh"
#include "Common/mma.cuh"

/// c: from a score to the exponent of 2.
DEVICE float ExponentScale(const AttentionParameters& p) { return (p.cap > 0 ? p.cap : p.scale) * Log2E; }

/// tanh to about 1e-7 absolutely, which a cap turns into an error of the score of cap · 1e-7. The one instruction there is (tanh.approx)
/// errs by 5e-4: at a cap of 50, two per cent of a weight.
DEVICE float Tanh(float x) { return 1 - 2 * Reciprocal(1 + Exp2(2 * Log2E * x)); }

template <int Count> DEVICE void CapScores(float (&scores)[Count][4], float scaleOverCap) {
#pragma unroll
  for (int n = 0; n < Count; n++)
#pragma unroll
    for (int i = 0; i < 4; i++) scores[n][i] = Tanh(scores[n][i] * scaleOverCap);
}

/// Of the two rows of a lane, upper and lower, of a warp's 16.
struct OnlineSoftmax {
  float largest[2];
  float sum[2]; // of the lane's own columns; the row's other three lanes hold the rest

  DEVICE void Start() {
    largest[0] = largest[1] = -Infinity;
    sum[0] = sum[1] = 0;
  }

  /// Turns scores into weights and shrinks the sums of weighted values to the new largest scores.
  template <int Count, int Outputs> DEVICE void Add(float (&scores)[Count][4], float (&outputs)[Outputs][4], float exponentScale) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float next = largest[half];
#pragma unroll
      for (int n = 0; n < Count; n++) next = __builtin_fmaxf(next, __builtin_fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
      next = __builtin_fmaxf(next, ShuffleXor(next, 1));
      next = __builtin_fmaxf(next, ShuffleXor(next, 2));
      float base = next == -Infinity ? 0 : next; // a row that has seen nothing: 2^(−∞ − 0), not 2^(−∞ + ∞)
      float offset = base * exponentScale;
      // From the difference: 1 to the bit where the largest score stays. largest · c − offset, in one instruction, would be offset's rounding,
      // and 2^that, once a tile, per cents over a million keys.
      float shrink = Exp2((largest[half] - base) * exponentScale);
      largest[half] = next;
      float total = sum[half] * shrink;
#pragma unroll
      for (int n = 0; n < Count; n++)
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; i++) {
          scores[n][i] = Exp2(scores[n][i] * exponentScale - offset);
          total += scores[n][i];
        }
      sum[half] = total;
#pragma unroll
      for (int n = 0; n < Outputs; n++) {
        outputs[n][2 * half] *= shrink;
        outputs[n][2 * half + 1] *= shrink;
      }
    }
  }

  /// Completes the sums over the row's four lanes.
  DEVICE void Finish() {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      sum[half] += ShuffleXor(sum[half], 1);
      sum[half] += ShuffleXor(sum[half], 2);
    }
  }

  /// What the weighted values are multiplied by: 0 for a row that saw nothing.
  DEVICE float Normaliser(int half) const { return sum[half] == 0 ? 0 : Reciprocal(sum[half]); }
  DEVICE float LogSumExp(int half, float exponentScale) const {
    return sum[half] == 0 ? -Infinity : (largest[half] * exponentScale + Log2(sum[half])) * Ln2;
  }
};
