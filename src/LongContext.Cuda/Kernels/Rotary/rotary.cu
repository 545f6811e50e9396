// Rotary position embedding in the half-split pairing: with c, s = cos, sin of the token's position at i < R/2,
//   y[i] = x[i]·c − x[i + R/2]·s,   y[i + R/2] = x[i + R/2]·c + x[i]·s,   and beyond R  y = x.
// The backward is the same with −s. In float32, rounded once.
//
// rotary: R/2 and the rest are whole, aligned chunks of 16 bytes. A thread has one chunk of a half and its partner, for HEADS heads of
//   one token, all loads before any store; neighbours have neighbouring chunks, then heads. cos and sin are read once for the HEADS heads.
//   Grid: any number of blocks of 256 that covers tokens · ⌈heads / HEADS⌉ · chunks threads.
// rotary_any: any sizes and alignment; a thread has one pair, or one element beyond R. Grid over tokens · heads · (R/2 + rest).
// Each element is read and written by one thread: in place is safe. Called by RotaryKernel.
#include "Rotary/parameters.cuh"

constexpr int Heads = 4;

struct HeadPlace {
  const void* source;
  void* target;
};

/// A head's elements; those of k follow those of q.
template <typename T> DEVICE HeadPlace PlaceOf(const RotaryParameters& p, int64 token, int head) {
  if (head < p.heads)
    return {(const T*)p.q + token * p.qStride + (int64)head * p.size, (T*)p.rotatedQ + token * p.rotatedQStride + (int64)head * p.size};
  head -= p.heads;
  return {(const T*)p.k + token * p.kStride + (int64)head * p.size, (T*)p.rotatedK + token * p.rotatedKStride + (int64)head * p.size};
}

/// First element of a token's row in the tables.
DEVICE int64 TableRow(const RotaryParameters& p, int64 token) { return (p.positions ? (int64)p.positions[token] : token) * p.tableStride; }

template <typename T, typename Table> DEVICE void Rotate(const RotaryParameters& p) {
  const int half = p.rotated / 2 / Lanes<T>, rest = p.copies ? (p.size - p.rotated) / Lanes<T> : 0, chunks = half + rest;
  const int all = p.heads + p.keyHeads, groups = CeilDivide(all, Heads);
  const uint64 thread = (uint64)BlockX() * (uint32)BlockSizeX() + (uint32)ThreadX();
  const uint32 itemsOfToken = (uint32)(chunks * groups);
  const int64 token = (int64)(thread / itemsOfToken);
  if (token >= p.tokens) return;
  const uint32 item = (uint32)(thread - (uint64)token * itemsOfToken);
  const int group = (int)(item / (uint32)chunks), chunk = (int)(item - (uint32)group * (uint32)chunks);

  if (chunk >= half) { // beyond the rotated elements
    const int place = half + chunk; // 2 · half + (chunk − half)
#pragma unroll
    for (int i = 0; i < Heads; i++) {
      const int head = group + i * groups;
      if (head < all) {
        const HeadPlace at = PlaceOf<T>(p, token, head);
        StoreChunk(at.target, place, LoadChunk(at.source, place));
      }
    }
    return;
  }

  Words4 first[Heads], second[Heads];
#pragma unroll
  for (int i = 0; i < Heads; i++) {
    const int head = group + i * groups;
    const HeadPlace at = PlaceOf<T>(p, token, head < all ? head : 0);
    first[i] = head < all ? LoadChunk(at.source, chunk) : Zeros();
    second[i] = head < all ? LoadChunk(at.source, half + chunk) : Zeros();
  }
  float cos[Lanes<T>], sin[Lanes<T>];
  const int64 row = TableRow(p, token);
  LoadValues((const Table*)p.cos + row, (int64)chunk * Lanes<T>, cos);
  LoadValues((const Table*)p.sin + row, (int64)chunk * Lanes<T>, sin);
#pragma unroll
  for (int j = 0; j < Lanes<T>; j++) sin[j] *= p.direction;

#pragma unroll
  for (int i = 0; i < Heads; i++) {
    const int head = group + i * groups;
    if (head < all) {
      float a[Lanes<T>], b[Lanes<T>], turnedA[Lanes<T>], turnedB[Lanes<T>];
      Unpack<T>(first[i], a);
      Unpack<T>(second[i], b);
#pragma unroll
      for (int j = 0; j < Lanes<T>; j++) {
        turnedA[j] = a[j] * cos[j] - b[j] * sin[j];
        turnedB[j] = b[j] * cos[j] + a[j] * sin[j];
      }
      const HeadPlace at = PlaceOf<T>(p, token, head);
      StoreChunk(at.target, chunk, PackAll<T>(turnedA));
      StoreChunk(at.target, half + chunk, PackAll<T>(turnedB));
    }
  }
}

template <typename T, typename Table> DEVICE void RotateAny(const RotaryParameters& p) {
  const int half = p.rotated / 2, items = half + (p.copies ? p.size - p.rotated : 0), all = p.heads + p.keyHeads;
  const uint64 thread = (uint64)BlockX() * (uint32)BlockSizeX() + (uint32)ThreadX();
  const uint32 itemsOfToken = (uint32)(items * all);
  const int64 token = (int64)(thread / itemsOfToken);
  if (token >= p.tokens) return;
  const uint32 rest = (uint32)(thread - (uint64)token * itemsOfToken);
  const int head = (int)(rest / (uint32)items), i = (int)(rest - (uint32)head * (uint32)items);
  const HeadPlace at = PlaceOf<T>(p, token, head);
  const T* source = (const T*)at.source;
  T* target = (T*)at.target;
  if (i >= half) {
    target[half + i] = source[half + i];
    return;
  }
  const int64 row = TableRow(p, token);
  const float cos = ToFloat(((const Table*)p.cos)[row + i]), sin = ToFloat(((const Table*)p.sin)[row + i]) * p.direction;
  const float a = ToFloat(source[i]), b = ToFloat(source[half + i]);
  target[i] = FromFloat<T>(a * cos - b * sin);
  target[half + i] = FromFloat<T>(b * cos + a * sin);
}

extern "C" __global__ void __launch_bounds__(256) rotary(const RotaryParameters p) { Rotate<ELEMENT, TABLE>(p); }
extern "C" __global__ void __launch_bounds__(256) rotary_any(const RotaryParameters p) { RotateAny<ELEMENT, TABLE>(p); }
