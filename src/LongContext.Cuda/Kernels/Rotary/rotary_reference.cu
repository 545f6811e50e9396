// Rotary position embedding as plainly as can be: a second oracle, and slow. A thread turns one token, q then k, into results that lie
// elsewhere: y[i] = x[i]·cos + turned[i]·sin with turned = (−x₂, x₁), as the definition has it. Block 64, ⌈tokens / 64⌉ blocks.
// Called by RotaryKernel where it is to be Plain.
#include "Rotary/parameters.cuh"

template <typename T, typename Table> DEVICE void RotateHead(const T* x, T* y, const Table* cos, const Table* sin, const RotaryParameters& p) {
  const int half = p.rotated / 2;
  for (int i = 0; i < p.size; i++) {
    if (i >= p.rotated) {
      y[i] = x[i];
      continue;
    }
    const float turned = i < half ? -ToFloat(x[i + half]) : ToFloat(x[i - half]);
    y[i] = FromFloat<T>(ToFloat(x[i]) * ToFloat(cos[i]) + turned * (ToFloat(sin[i]) * p.direction));
  }
}

extern "C" __global__ void rotary_reference(const RotaryParameters p) {
  using T = ELEMENT;
  using Table = TABLE;
  const int64 token = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (token >= p.tokens) return;
  const int64 row = (p.positions ? (int64)p.positions[token] : token) * p.tableStride;
  const Table *cos = (const Table*)p.cos + row, *sin = (const Table*)p.sin + row;
  for (int head = 0; head < p.heads; head++)
    RotateHead((const T*)p.q + token * p.qStride + head * p.size, (T*)p.rotatedQ + token * p.rotatedQStride + head * p.size, cos, sin, p);
  for (int head = 0; head < p.keyHeads; head++)
    RotateHead((const T*)p.k + token * p.kStride + head * p.size, (T*)p.rotatedK + token * p.rotatedKStride + head * p.size, cos, sin, p);
}
