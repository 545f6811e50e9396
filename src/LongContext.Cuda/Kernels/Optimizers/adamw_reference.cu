// AdamW, plain and over 8-bit state, as plainly as can be: a second oracle, and slow. adamw_reference: a thread a value.
// adamw_blockwise_reference: a thread a block of 256 values, which it walks twice; a value's code is found by walking the borders.
// Block 64. Called by AdamWKernel where it is to be Plain.
#include "Optimizers/adamw_update.cuh"
#include "Optimizers/rounding.cuh"

extern "C" __global__ void adamw_reference(const AdamWParameters p) {
  using T = ELEMENT;
  const int64 i = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (i >= p.count) return;
  const float g = p.floatGradient ? ((const float*)p.gradient)[i] : ToFloat(((const T*)p.gradient)[i]);
  p.mean[i] = MovedMean(p.mean[i], g, p.constants);
  p.square[i] = UpdatedSquare(p.square[i], g, p.constants);
  const float w = UpdatedWeight(p.master ? p.master[i] : ToFloat(((const T*)p.weight)[i]), p.mean[i], p.square[i], p.constants);
  if (p.master) p.master[i] = w;
  ((T*)p.weight)[i] = RoundWeight<T>(w, p.stochastic, p.key, (uint32)(p.start + i));
}

struct State {
  float mean, square;
};

template <typename T> DEVICE float GradientOf(const BlockwiseAdamWParameters& p, int64 i) {
  return p.floatGradient ? ((const float*)p.gradient)[i] : ToFloat(((const T*)p.gradient)[i]);
}

template <typename T> DEVICE State Updated(const BlockwiseAdamWParameters& p, int64 block, int64 i) {
  const float g = GradientOf<T>(p, i);
  const float mean = MultiplyRounded(p.tables[p.meanCodes[i]], p.meanScales[block]);
  const float square = MultiplyRounded(p.tables[512 + p.squareCodes[i]], p.squareScales[block]);
  return {UpdatedMean(mean, g, p.constants), UpdatedSquare(square, g, p.constants)};
}

DEVICE uint8 CodeOf(float x, const float* borders) {
  int code = 0;
  while (code < 255 && x > borders[code]) code++;
  return (uint8)code;
}

extern "C" __global__ void adamw_blockwise_reference(const BlockwiseAdamWParameters p) {
  using T = ELEMENT;
  const int64 block = (int64)BlockX() * BlockSizeX() + ThreadX(), first = block * StateBlock, last = Min(first + StateBlock, p.count);
  if (first >= p.count) return;
  float largestMean = 0, largestSquare = 0;
  for (int64 i = first; i < last; i++) {
    const State state = Updated<T>(p, block, i);
    largestMean = __builtin_fmaxf(largestMean, __builtin_fabsf(state.mean));
    largestSquare = __builtin_fmaxf(largestSquare, state.square);
  }
  const float inverseMean = DivideRounded(1.0f, __builtin_fmaxf(largestMean, 1.17549435e-38f));
  const float inverseSquare = DivideRounded(1.0f, __builtin_fmaxf(largestSquare, 1.17549435e-38f));
  for (int64 i = first; i < last; i++) {
    const State state = Updated<T>(p, block, i);
    const float w = UpdatedWeight(p.master ? p.master[i] : ToFloat(((const T*)p.weight)[i]), state.mean, state.square, p.constants);
    if (p.master) p.master[i] = w;
    ((T*)p.weight)[i] = RoundWeight<T>(w, p.stochastic, p.key, (uint32)(p.start + i));
    p.meanCodes[i] = CodeOf(MultiplyRounded(state.mean, inverseMean), p.tables + 256);
    p.squareCodes[i] = CodeOf(MultiplyRounded(state.square, inverseSquare), p.tables + 768);
  }
  p.meanScales[block] = largestMean;
  p.squareScales[block] = largestSquare;
}
