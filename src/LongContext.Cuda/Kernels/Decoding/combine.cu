// The results of a sequence's splits become one: o = Σi o_i 2^(e_i − M) / Σi 2^(e_i − M), where e_i is split i's log2-sum and M the greatest.
//
// Grid: items · maxTokens · heads, a block for each (sequence of more than one split, query token, head). Block: Threads below: size / 4 of
// them take the row's values of one split, as many splits at a time as fit; their sums are added in a fixed order, so that results do not
// depend on the schedule. Splits that saw nothing have e = −∞, and their partial results, never written, are not read.
// Shared memory: [parts, size] float32. Called by DecodingAttention.cs after decoding_attention, where a sequence has several splits.
// -DELEMENT=BFloat16|Float16 -DSIZE=64|80|96|128|256
#include "Decoding/instructions.cuh"
#include "Decoding/parameters.cuh"

constexpr int Columns = SIZE / 4;
constexpr int Threads = SIZE > 128 ? 256 : 128;
constexpr int Parts = Threads / Columns;
constexpr int Batch = 4;

extern "C" __global__ void __launch_bounds__(Threads) decoding_combine(const DecodingCombineParameters p) {
  __shared__ Float4 sums[Parts * Columns];
  const int rowsPerSlot = p.maxTokens * p.heads;
  const int rest = BlockX() % rowsPerSlot;
  const int token = rest / p.heads, head = rest % p.heads;
  const int32* item = p.sequences + BlockX() / rowsPerSlot * 4;
  if (item[0] < 0) return; // fills a list whose length a captured graph has fixed
  const int firstToken = p.queryBorders[item[0]];
  if (token >= p.queryBorders[item[0] + 1] - firstToken) return;
  const int splits = item[1];
  const float* sumsOfSplits = p.partialLogSumExp + (int64)item[2] * rowsPerSlot + rest;

  // Each warp finds maximum and sum for itself.
  const int lane = ThreadX() % 32;
  float maximum = -Infinity, sum = 0;
  for (int i = lane; i < splits; i += 32) maximum = __builtin_fmaxf(maximum, sumsOfSplits[(int64)i * rowsPerSlot]);
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) maximum = __builtin_fmaxf(maximum, ShuffleXor(maximum, mask));
  const float base = maximum == -Infinity ? 0 : maximum;
  for (int i = lane; i < splits; i += 32) sum += Exp2(sumsOfSplits[(int64)i * rowsPerSlot] - base);
#pragma unroll
  for (int mask = 16; mask > 0; mask /= 2) sum += ShuffleXor(sum, mask);

  const int part = ThreadX() / Columns, column = ThreadX() % Columns;
  const float* partials = p.partials + ((int64)item[2] * rowsPerSlot + rest) * SIZE + column * 4;
  Float4 o = {0, 0, 0, 0};
  if (part < Parts) {
    for (int first = part; first < splits; first += Batch * Parts) {
      float e[Batch];
      Float4 x[Batch];
#pragma unroll
      for (int i = 0; i < Batch; i++) { // loads of a batch run together
        const int split = first + i * Parts;
        e[i] = split < splits ? sumsOfSplits[(int64)split * rowsPerSlot] : -Infinity;
        x[i] = Float4{0, 0, 0, 0};
        if (e[i] != -Infinity) x[i] = *(const Float4*)(partials + (int64)split * rowsPerSlot * SIZE);
      }
#pragma unroll
      for (int i = 0; i < Batch; i++) o += x[i] * Exp2(e[i] - base);
    }
    sums[part * Columns + column] = o;
  }
  SyncThreads();
  if (part != 0) return;
#pragma unroll
  for (int i = 1; i < Parts; i++) o += sums[i * Columns + column];
  const bool seen = maximum != -Infinity;
  if (seen) o *= 1 / sum;
  ELEMENT* result = (ELEMENT*)p.o + (int64)(firstToken + token) * p.oStride + head * SIZE + column * 4;
  *(UInt2*)result = UInt2{Pack<ELEMENT>(o[0], o[1]), Pack<ELEMENT>(o[2], o[3])};
  if (column == 0 && p.logSumExp) p.logSumExp[(int64)head * p.tokens + firstToken + token] = seen ? (maximum + Log2(sum)) * Ln2 : -Infinity;
}
