// The same as plainly as can be: a second oracle, and slow. A thread a row. ⌈rows / 64⌉ blocks of 64. Called by GatherKernel and SoftCapKernel
// where they are to be Plain. -DELEMENT=BFloat16|Float16|float
#include "Rows/parameters.cuh"

extern "C" __global__ void gather_reference(const GatherParameters p) {
  const int64 row = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows) return;
  const int index = p.indices[row];
  for (int i = 0; i < p.columns; i++) {
    const float value = index >= 0 && index < p.tableRows ? ToFloat(((const ELEMENT*)p.table)[index * p.tableStride + i]) : 0.0f;
    ((ELEMENT*)p.result)[row * p.resultStride + i] = FromFloat<ELEMENT>(value * p.scale);
  }
}

extern "C" __global__ void soft_cap_reference(const SoftCapParameters p) {
  const int64 row = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows) return;
  for (int i = 0; i < p.columns; i++) {
    ELEMENT* value = (ELEMENT*)p.values + row * p.stride + i;
    const float x = ToFloat(*value) * p.scale;
    // tanh u = 1 − 2/(1 + e^2u), of the magnitude
    const float u = __builtin_fabsf(x) / p.cap, tanh = u < 0.01f ? u - u * u * u / 3.0f : 1.0f - 2.0f / (1.0f + Exp(2.0f * u));
    *value = FromFloat<ELEMENT>(p.cap > 0 ? __builtin_copysignf(p.cap * tanh, x) : x);
  }
}
