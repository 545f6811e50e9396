// Before and after attention's backward pass. Any size of head. Macro: ELEMENT BFloat16 or Float16. Called by AttentionBackward.cs.
#include "Attention/parameters.cuh"
#include "Common/mma.cuh"

using T = ELEMENT;

DEVICE void LoadGlobal128(uint32 (&r)[4], const void* address) {
  asm volatile("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "l"(address));
}

/// delta = Σ o · ∂o of every head of every token, and the log-sum-exp in base 2, where +∞ stands for a query that saw nothing (so that its
/// weights are 0). Block: 256 threads; a head's row has 8, 16 or 32 lanes, the next power of two from its 16-byte chunks; heads of a token
/// side by side. Grid: tokens · heads rows.
extern "C" __global__ void __launch_bounds__(256, 4) attention_backward_prepare(const AttentionParameters p) {
  int chunks = p.size / 8, lanes = chunks <= 8 ? 8 : chunks <= 16 ? 16 : 32;
  int64 row = ((int64)BlockX() * 256 + ThreadX()) / lanes;
  int chunk = ThreadX() % lanes;
  int token = (int)(row / p.heads), head = (int)(row - (int64)token * p.heads);

  float sum = 0;
  if (token < p.tokens && chunk < chunks) {
    uint32 o[4], gradient[4];
    LoadGlobal128(o, (const uint16*)p.o + (int64)token * p.oStride + head * p.size + chunk * 8);
    LoadGlobal128(gradient, (const uint16*)p.gradientO + (int64)token * p.gradientOStride + head * p.size + chunk * 8);
#pragma unroll
    for (int i = 0; i < 4; i++) sum += Low<T>(o[i]) * Low<T>(gradient[i]) + High<T>(o[i]) * High<T>(gradient[i]);
  }
  for (int mask = 1; mask < lanes; mask *= 2) sum += ShuffleXor(sum, mask);
  if (token < p.tokens && chunk == 0) {
    int64 place = (int64)head * p.tokens + token;
    float logSumExp = p.logSumExp[place];
    p.delta[place] = sum;
    p.logSumExp2[place] = logSumExp == -Infinity ? Infinity : logSumExp * Log2E;
  }
}

/// ∂q from the float32 sums, whose order backward_keys.cu states. A thread takes 8 columns of a row: of the registers of even and of odd
/// columns four lanes each, which lie side by side. Block: 128 threads. Grid: items · heads, a work item being (document, tile of
/// sumRows queries).
extern "C" __global__ void __launch_bounds__(128, 8) attention_backward_finish(const AttentionParameters p) {
  int item = BlockX() / p.heads, head = BlockX() - item * p.heads;
  int document = p.work[2 * item], tile = p.work[2 * item + 1];
  int firstQuery = p.queryBorders[document], queries = p.queryBorders[document + 1] - firstQuery - tile * p.sumRows;
  int pairs = p.size / 16;
  int64 sumTile = firstQuery / p.sumRows + document + tile;
  const float* sums = p.gradientQSum + (sumTile * p.heads + head) * (p.sumRows * p.size);
  uint16* target = (uint16*)p.gradientQ + (int64)(firstQuery + tile * p.sumRows) * p.gradientQStride + head * p.size;

  for (int index = ThreadX(); index < p.sumRows * pairs * 2; index += 128) {
    // From the lowest bits up: column of a pair of columns, row of 8, upper or lower rows of 16, pair, 16 rows.
    int rowOfEight = index >> 1 & 7, half = index >> 4 & 1, rest = index >> 5;
    int rowTile = rest / pairs, columns = (rest - rowTile * pairs) * 2 + (index & 1), row = rowTile * 16 + half * 8 + rowOfEight;
    if (row >= queries) continue;
    const float* source = sums + ((rowTile * pairs * 2 + columns) * 4 + half * 2) * 32 + rowOfEight * 4;
    uint32 even[4], odd[4], result[4];
    LoadGlobal128(even, source);
    LoadGlobal128(odd, source + 32);
#pragma unroll
    for (int i = 0; i < 4; i++)
      result[i] = Pack<T>(__builtin_bit_cast(float, even[i]) * p.scale, __builtin_bit_cast(float, odd[i]) * p.scale);
    StoreGlobal128(target + row * p.gradientQStride + columns * 8, result);
  }
}
