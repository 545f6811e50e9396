// What the cross-entropy kernels are given. Mirrored, field by field, by CrossEntropyParameters.cs.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

struct CrossEntropyParameters {
  void* logits;           // [rows, vocabulary] head outputs z, `stride` elements apart; becomes ∂/∂z where writesGradient
  const void* labels;     // [rows] int32, or int64 where longLabels
  const float* weights;   // [rows]; null for 1 each
  float* losses;          // [rows] −log p(label), without weight; 0 where the label is `ignored`
  float* logSums;         // [rows] log Σ exp(logit); null where not wanted; 0 where ignored
  int32* faults;          // counts labels that are neither `ignored` nor in the vocabulary: their loss is NaN, their gradient 0
  int64 stride;
  int64 ignored;          // the label of rows that are no targets: their gradient is 0
  int32 rows, vocabulary;
  int32 longLabels;
  int32 writesGradient;
  float scale;            // logit = cap · tanh(scale · z / cap), or scale · z where cap is 0
  float cap;
  float scaleOverCap;
  float gradientFactor;   // the step's scale times `scale`: gradients are weight · gradientFactor · (softmax · (1 + zLoss · logSum) − one-hot) · slope
  float zLoss;            // 2ζ
  int32 heldChunks;       // chunks of 16 bytes of a row that are kept in dynamic shared memory; the rest is read twice
};

/// A row's label; −1 for any that is neither in the vocabulary nor to be ignored, −2 for the latter.
DEVICE int LabelOf(const CrossEntropyParameters& p, int row) {
  const int64 label = p.longLabels ? ((const int64*)p.labels)[row] : ((const int32*)p.labels)[row];
  if (label == p.ignored) return -2;
  return label >= 0 && label < p.vocabulary ? (int)label : -1;
}

/// tanh by 2^x and a reciprocal: its absolute error, two roundings of 1, is all that a soft cap's logit needs, and half of the instructions
/// of the one that keeps small values' relative error.
DEVICE float CapTanh(float x) { return 1.0f - 2.0f * Reciprocal(1.0f + Exp2(x * (2 * Log2E))); }

template <bool Capped> DEVICE float LogitOf(float z, const CrossEntropyParameters& p) {
  if constexpr (Capped) return p.cap * CapTanh(z * p.scaleOverCap);
  return z * p.scale;
}
