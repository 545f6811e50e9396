// New keys and values go into a cache of codes, rotated on the way where positions are given; queries are rotated in place by the same launch.
//
// A warp takes a head of a token: lane l has elements l, l + 32, …; it turns them as append.cu does, rounds them to the type as that does, finds the largest magnitude with the others
// and writes codes and the scale. Grid: any; block: 128. Works on tokens · (heads if q is given + 2 · keyHeads) heads. No shared memory.
// Called by CacheAppend.cs. -DELEMENT=BFloat16|Float16
#include "Decoding/coded.cuh"
#include "Decoding/parameters.cuh"

constexpr int Each = 8; // elements of a lane: heads of 256 at most

template <typename T> DEVICE void AppendHead(const CacheAppendParameters& p, int token, int head) {
  const int lane = ThreadX() % 32, queryHeads = p.q ? p.heads : 0;
  const bool isQuery = head < queryHeads, isKey = !isQuery && head < queryHeads + p.keyHeads;
  if (!isQuery) head -= isKey ? queryHeads : queryHeads + p.keyHeads;
  const int64 slot = isQuery ? 0 : p.slots[token];
  if (slot < 0 || slot >= p.cacheRows) return;
  const T* from = isQuery ? (const T*)p.q + (int64)token * p.qStride : isKey ? (const T*)p.k + (int64)token * p.kStride : (const T*)p.v + (int64)token * p.vStride;
  from += head * p.size;

  const int half = p.positions && (isQuery || isKey) ? p.rotarySize / 2 : 0;
  const int64 row = half > 0 ? (int64)p.positions[token] * half : 0;
  float x[Each], largest = 0;
#pragma unroll
  for (int i = 0; i < Each; i++) {
    const int at = lane + i * 32;
    x[i] = at < p.size ? ToFloat(from[at]) : 0;
    if (at < 2 * half) {
      const bool isLower = at < half;
      const int pair = isLower ? at : at - half;
      const float other = ToFloat(from[isLower ? at + half : pair]), cos = p.cosines[row + pair], sin = p.sines[row + pair];
      x[i] = ToFloat(FromFloat<T>(isLower ? x[i] * cos - other * sin : x[i] * cos + other * sin));
    }
    largest = __builtin_fmaxf(largest, __builtin_fabsf(x[i]));
  }
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) largest = __builtin_fmaxf(largest, ShuffleXor(largest, mask)); // all have read what queries overwrite
  if (isQuery) {
#pragma unroll
    for (int i = 0; i < Each; i++)
      if (lane + i * 32 < 2 * half) ((T*)from)[lane + i * 32] = FromFloat<T>(x[i]);
    return;
  }

  uint8* to = isKey ? (uint8*)p.kCache + slot * p.kCacheStride : (uint8*)p.vCache + slot * p.vCacheStride;
  const float scale = ScaleOf(p.codes, largest), divisor = scale == 0 ? 1 : scale;
#pragma unroll
  for (int i = 0; i < Each; i++)
    if (lane + i * 32 < p.size) to[head * p.size + lane + i * 32] = (uint8)CodeOf(p.codes, x[i] / divisor);
  if (lane == 0) *(float*)(to + p.scaleStart + head * 4) = scale;
}

extern "C" __global__ void __launch_bounds__(128) cache_append_coded(const CacheAppendParameters p) {
  const int perToken = (p.q ? p.heads : 0) + 2 * p.keyHeads;
  const int64 count = (int64)p.tokens * perToken;
  for (int64 i = (int64)BlockX() * 4 + ThreadX() / 32; i < count; i += (int64)GridSizeX() * 4) AppendHead<ELEMENT>(p, (int)(i / perToken), (int)(i % perToken));
}
