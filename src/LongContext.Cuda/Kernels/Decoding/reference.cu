// Decoding attention, plain and slow: the second oracle beside decoding_attention, without tiles, splits, copies or product instructions.
//
// Grid: sequences · maxTokens · heads, a warp for each (sequence, query token, head). It walks over the keys that its query sees, one after
// the other: each lane holds every 32nd element of q and o, the products are summed over the warp, and an online softmax in float32 follows.
// It takes decoding_attention's parameters but partials and work; `items` is the number of sequences, `size` comes as a macro.
// With -DCODED the cache holds codes. -DELEMENT=BFloat16|Float16 -DSIZE=64|80|96|128|256 [-DCODED]
#include "Decoding/cache.cuh"
#include "Decoding/coded.cuh"
#include "Decoding/softmax.cuh"

/// An element of a row of keys or values.
DEVICE float ElementOf([[maybe_unused]] const DecodingParameters& p, const void* rows, int64 row, int stride, int head, int i) {
#ifdef CODED
  const uint8* from = (const uint8*)rows + row * stride;
  return ToFloat(FromFloat<ELEMENT>(NumberOf(p.codes, from[head * SIZE + i]) * CodeFactor(p.codes) * *(const float*)(from + p.scaleStart + head * 4)));
#else
  return ToFloat(((const ELEMENT*)rows + row * stride)[head * SIZE + i]);
#endif
}

#ifdef CODED
extern "C" __global__ void __launch_bounds__(32) decoding_reference_coded(const DecodingParameters p) {
#else
extern "C" __global__ void __launch_bounds__(32) decoding_reference(const DecodingParameters p) {
#endif
  constexpr int each = CeilDivide(SIZE, 32);
  const int lane = ThreadX();
  const int sequence = BlockX() / (p.maxTokens * p.heads), rest = BlockX() % (p.maxTokens * p.heads);
  const int head = rest % p.heads, keyHead = head / (p.heads / p.keyHeads);
  const int firstToken = p.queryBorders[sequence], tokens = p.queryBorders[sequence + 1] - firstToken;
  if (rest / p.heads >= tokens) return;
  const int64 token = firstToken + rest / p.heads;
  const int position = KeyCount(p, sequence) - tokens + rest / p.heads;
  const Scoring scoring(p.scale, p.cap);

  float q[each], o[each];
#pragma unroll
  for (int i = 0; i < each; i++) {
    const int d = lane + i * 32;
    q[i] = d < SIZE ? ToFloat(((const ELEMENT*)p.q)[token * p.qStride + head * SIZE + d]) : 0;
    o[i] = 0;
  }
  const CacheRows cacheRows(p, sequence);
  float maximum = -Infinity, sum = 0;
  for (int j = FirstSeen(position, p.windowLeft); j <= position; j++) {
    const int64 row = cacheRows.Row(cacheRows.Entry(j), j);
    float product = 0;
#pragma unroll
    for (int i = 0; i < each; i++)
      if (lane + i * 32 < SIZE) product += q[i] * ElementOf(p, p.k, row, p.kStride, keyHead, lane + i * 32);
#pragma unroll
    for (int mask = 16; mask > 0; mask /= 2) product += ShuffleXor(product, mask);
    const float score = scoring(product), higher = __builtin_fmaxf(maximum, score);
    const float factor = Exp2(maximum - higher), weight = Exp2(score - higher);
    sum = sum * factor + weight;
#pragma unroll
    for (int i = 0; i < each; i++)
      if (lane + i * 32 < SIZE) o[i] = o[i] * factor + weight * ElementOf(p, p.v, row, p.vStride, keyHead, lane + i * 32);
    maximum = higher;
  }
#pragma unroll
  for (int i = 0; i < each; i++)
    if (lane + i * 32 < SIZE)
      ((ELEMENT*)p.o)[token * p.oStride + head * SIZE + lane + i * 32] = FromFloat<ELEMENT>(sum > 0 ? o[i] / sum : 0);
  if (lane == 0 && p.logSumExp) p.logSumExp[(int64)head * p.tokens + token] = sum > 0 ? (maximum + Log2(sum)) * Ln2 : -Infinity;
}
