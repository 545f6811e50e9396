// What the kernels of attention's backward pass share: from scores to weights and the scores' gradients.
//
// With weights w = exp(s − logSumExp), ∂w = ∂o · vᵀ and delta = Σ o · ∂o a row:  ∂s = w ∘ (∂w − delta), through a cap also times 1 − tanh².
// The caller multiplies by the scale what it sums of ∂s.
#pragma once
#include "Attention/mask.cuh"
#include "Attention/softmax.cuh"
#include "Attention/tiles.cuh"

/// One score x = q·k and ∂w become the weight and ∂s / scale. `exponentScale` and `scaleOverCap` as in softmax.cuh.
template <bool Capped> DEVICE void ScoreGradient(float& x, float& gradient, float logSumExp2, float delta, float exponentScale,
                                                 float scaleOverCap) {
  float slope = 1;
  if constexpr (Capped) {
    x = Tanh(x * scaleOverCap);
    slope = 1 - x * x;
  }
  x = Exp2(x * exponentScale - logSumExp2);
  gradient = x * (gradient - delta);
  if constexpr (Capped) gradient *= slope;
}
