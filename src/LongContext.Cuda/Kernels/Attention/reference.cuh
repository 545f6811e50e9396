// What the plain kernels share: a warp a row, each lane every 32nd element of a head of at most 256.
#pragma once
#include "Attention/mask.cuh"
#include "Attention/softmax.cuh"

using T = ELEMENT;

struct Row {
  float elements[8];

  DEVICE static Row Zero() {
    Row r;
#pragma unroll
    for (int i = 0; i < 8; i++) r.elements[i] = 0;
    return r;
  }

  DEVICE static Row Load(const void* base, int64 token, int stride, int head, int size) {
    const T* source = (const T*)base + token * stride + head * size;
    Row r;
#pragma unroll
    for (int i = 0; i < 8; i++) r.elements[i] = Lane() + 32 * i < size ? ToFloat(source[Lane() + 32 * i]) : 0;
    return r;
  }

  DEVICE void Store(void* base, int64 token, int stride, int head, int size, float factor) const {
    T* target = (T*)base + token * stride + head * size;
#pragma unroll
    for (int i = 0; i < 8; i++)
      if (Lane() + 32 * i < size) target[Lane() + 32 * i] = FromFloat<T>(elements[i] * factor);
  }

  /// this = this · keep + other · factor.
  DEVICE void Add(const Row& other, float factor, float keep = 1) {
#pragma unroll
    for (int i = 0; i < 8; i++) elements[i] = elements[i] * keep + other.elements[i] * factor;
  }

  /// The product with another row, known to all lanes.
  DEVICE float Dot(const Row& other) const {
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) sum += elements[i] * other.elements[i];
#pragma unroll
    for (int mask = 1; mask < 32; mask *= 2) sum += ShuffleXor(sum, mask);
    return sum;
  }
};

/// The document that holds element `index` of what the borders divide.
DEVICE int DocumentOf(const int32* borders, int index) {
  int document = 0;
  while (borders[document + 1] <= index) document++;
  return document;
}

/// A score and how it changes with scale · q·k.
DEVICE float Score(const AttentionParameters& p, float dot, float& slope) {
  slope = 1;
  if (!(p.cap > 0)) return p.scale * dot;
  float t = Tanh(p.scale * dot / p.cap);
  slope = 1 - t * t;
  return p.cap * t;
}
