// One AdamW update (Loshchilov and Hutter 2019, algorithm 2) in float32, each operation rounded by itself: the bits of the same lines in C#.
#pragma once
#include "Optimizers/parameters.cuh"

/// w − w·decay − m / (√v / √(1 − β2ᵗ) + ε) · step.
DEVICE float UpdatedWeight(float weight, float mean, float square, const AdamWConstants& c) {
  const float denominator = AddRounded(DivideRounded(RootRounded(square), c.rootOfCorrection2), c.epsilon);
  return SubtractRounded(
    SubtractRounded(weight, MultiplyRounded(weight, c.decay)), MultiplyRounded(DivideRounded(mean, denominator), c.stepSize));
}

/// β2·v + (1 − β2)·g².
DEVICE float UpdatedSquare(float square, float gradient, const AdamWConstants& c) {
  return AddRounded(MultiplyRounded(square, c.beta2), MultiplyRounded(MultiplyRounded(gradient, gradient), c.oneMinusBeta2));
}

/// m + (1 − β1)·(g − m).
DEVICE float MovedMean(float mean, float gradient, const AdamWConstants& c) {
  return AddRounded(mean, MultiplyRounded(c.oneMinusBeta1, SubtractRounded(gradient, mean)));
}

/// β1·m + (1 − β1)·g, as the 8-bit state has it.
DEVICE float UpdatedMean(float mean, float gradient, const AdamWConstants& c) {
  return AddRounded(MultiplyRounded(mean, c.beta1), MultiplyRounded(gradient, c.oneMinusBeta1));
}
