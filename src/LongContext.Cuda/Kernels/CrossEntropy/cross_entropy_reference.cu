// Cross-entropy and its gradient as plainly as can be: a second oracle, and slow. A thread a row in three walks over it: the maximum, the
// sum, the gradient. Block 64, ⌈rows / 64⌉ blocks; heldChunks is not read. Called by CrossEntropyKernel where it is to be Plain.
#include "Common/arithmetic.cuh"
#include "CrossEntropy/parameters.cuh"

DEVICE float LogitOf(float z, const CrossEntropyParameters& p) { return p.cap > 0 ? p.cap * Tanh(z * p.scaleOverCap) : z * p.scale; }

extern "C" __global__ void cross_entropy_reference(const CrossEntropyParameters p) {
  using T = ELEMENT;
  const int row = BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows) return;
  T* logits = (T*)p.logits + row * p.stride;
  const int label = LabelOf(p, row);
  if (label < 0) {
    if (label == -1) asm volatile("red.global.add.u32 [%0], 1;" ::"l"(p.faults) : "memory");
    p.losses[row] = label == -1 ? __builtin_nanf("") : 0.0f;
    if (p.logSums) p.logSums[row] = 0.0f;
    if (p.writesGradient)
      for (int i = 0; i < p.vocabulary; i++) logits[i] = FromFloat<T>(0.0f);
    return;
  }

  float largest = -Infinity, sum = 0;
  for (int i = 0; i < p.vocabulary; i++) largest = __builtin_fmaxf(largest, LogitOf(ToFloat(logits[i]), p));
  for (int i = 0; i < p.vocabulary; i++) sum += Exp(LogitOf(ToFloat(logits[i]), p) - largest);
  const float logSum = largest + Log2(sum) * Ln2;
  p.losses[row] = logSum - LogitOf(ToFloat(logits[label]), p);
  if (p.logSums) p.logSums[row] = logSum;
  if (!p.writesGradient) return;

  const float weight = (p.weights ? p.weights[row] : 1.0f) * p.gradientFactor;
  for (int i = 0; i < p.vocabulary; i++) {
    const float logit = LogitOf(ToFloat(logits[i]), p), softmax = Exp(logit - largest) / sum;
    const float slope = p.cap > 0 ? 1.0f - (logit / p.cap) * (logit / p.cap) : 1.0f;
    logits[i] = FromFloat<T>(weight * (softmax * (1.0f + p.zLoss * logSum) - (i == label ? 1.0f : 0.0f)) * slope);
  }
}
