// What the kernels of attention's backward pass share: from scores to weights and the scores' gradients.
//
// With weights w = exp(s − logSumExp), ∂w = ∂o · vᵀ and delta = Σ o · ∂o a row:  ∂s = w ∘ (∂w − delta), through a cap also times 1 − tanh².
// The caller multiplies by the scale what it sums of ∂s. The product that gives ∂w starts from −delta, which saves the subtraction.
#pragma once
#include "Attention/mask.cuh"
#include "Attention/softmax.cuh"
#include "Attention/tiles.cuh"

/// Caps the scores, and takes ∂w − delta through the cap.
template <int Count> DEVICE void CapScores(float (&scores)[Count][4], float (&gradients)[Count][4], float scaleOverCap) {
  CapScores(scores, scaleOverCap);
#pragma unroll
  for (int n = 0; n < Count; n++)
#pragma unroll
    for (int i = 0; i < 4; i++) gradients[n][i] *= 1 - scores[n][i] * scores[n][i];
}

/// A score becomes the weight and ∂w − delta becomes ∂s / scale.
DEVICE void Weigh(float& score, float& gradient, float exponentScale, float logSumExp2) {
  score = Exp2(score * exponentScale - logSumExp2);
  gradient *= score;
}
