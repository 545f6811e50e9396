// New keys and values go into the cache, rotated on the way where positions are given; queries are rotated in place by the same launch.
//
// Rotary embedding, half-split pairing as in Hugging Face checkpoints, over the first rotarySize elements of a head, h = rotarySize / 2:
//   y[i] = x[i] cos[i] − x[i + h] sin[i],  y[i + h] = x[i + h] cos[i] + x[i] sin[i],  cos and sin of the token's position.
// Grid: any; block: 128. A thread takes two chunks of eight elements at a time: a pair of chunks that turn together, or two that are copied.
// Works on tokens · (heads if q is given + 2 · keyHeads) · size / 16 pairs. No shared memory. Called by CacheAppend.cs. -DELEMENT=BFloat16|Float16
#include "Decoding/instructions.cuh"
#include "Decoding/parameters.cuh"

/// Two values of one register each from the lower and the upper half turn.
template <typename T> DEVICE void Turn(uint32& lower, uint32& upper, float cos0, float cos1, float sin0, float sin1) {
  const float a0 = Low<T>(lower), a1 = High<T>(lower), b0 = Low<T>(upper), b1 = High<T>(upper);
  lower = Pack<T>(a0 * cos0 - b0 * sin0, a1 * cos1 - b1 * sin1);
  upper = Pack<T>(b0 * cos0 + a0 * sin0, b1 * cos1 + a1 * sin1);
}

template <typename T> DEVICE void AppendPair(const CacheAppendParameters& p, int token, int index) {
  const int pairs = p.size / 16;
  const int pair = index % pairs;
  int head = index / pairs;
  const int queryHeads = p.q ? p.heads : 0;
  const bool isQuery = head < queryHeads, isKey = !isQuery && head < queryHeads + p.keyHeads;
  if (!isQuery) head -= isKey ? queryHeads : queryHeads + p.keyHeads;

  const int turning = p.positions ? p.rotarySize / 16 : 0; // pairs of chunks that turn
  const bool turns = pair < turning && (isQuery || isKey);
  if (isQuery && !turns) return; // stays where it is
  const int first = pair < turning ? pair : 2 * pair, second = pair < turning ? pair + turning : first + 1;

  const T* from;
  T* to;
  if (isQuery) {
    to = (T*)p.q + (int64)token * p.qStride;
    from = to;
  } else {
    const int64 slot = p.slots[token];
    if (slot < 0 || slot >= p.cacheRows) return;
    from = isKey ? (const T*)p.k + (int64)token * p.kStride : (const T*)p.v + (int64)token * p.vStride;
    to = isKey ? (T*)p.kCache + slot * p.kCacheStride : (T*)p.vCache + slot * p.vCacheStride;
  }
  from += head * p.size;
  to += head * p.size;
  UInt4 a = *(const UInt4*)(from + first * 8), b = *(const UInt4*)(from + second * 8);
  if (turns) {
    const int64 row = (int64)p.positions[token] * (p.rotarySize / 2) + pair * 8;
    const Float4* cosines = (const Float4*)(p.cosines + row);
    const Float4* sines = (const Float4*)(p.sines + row);
    const Float4 c0 = cosines[0], c1 = cosines[1], s0 = sines[0], s1 = sines[1];
    uint32 x[4] = {a[0], a[1], a[2], a[3]}, y[4] = {b[0], b[1], b[2], b[3]};
    Turn<T>(x[0], y[0], c0[0], c0[1], s0[0], s0[1]);
    Turn<T>(x[1], y[1], c0[2], c0[3], s0[2], s0[3]);
    Turn<T>(x[2], y[2], c1[0], c1[1], s1[0], s1[1]);
    Turn<T>(x[3], y[3], c1[2], c1[3], s1[2], s1[3]);
    a = UInt4{x[0], x[1], x[2], x[3]};
    b = UInt4{y[0], y[1], y[2], y[3]};
  }
  *(UInt4*)(to + first * 8) = a;
  *(UInt4*)(to + second * 8) = b;
}

extern "C" __global__ void __launch_bounds__(128) cache_append(const CacheAppendParameters p) {
  const int perToken = ((p.q ? p.heads : 0) + 2 * p.keyHeads) * (p.size / 16);
  const int64 count = (int64)p.tokens * perToken;
  for (int64 i = (int64)BlockX() * 128 + ThreadX(); i < count; i += (int64)GridSizeX() * 128)
    AppendPair<ELEMENT>(p, (int)(i / perToken), (int)(i % perToken));
}
