// The k highest logits of each row and Σ exp(logit − highest), also at a temperature, in two launches.
//
// candidates_of_slices: a block of 256 takes 4,096 logits, a warp 512, a lane 16 in registers. k times a warp finds its highest (redux over keys, then
// over the tokens of equals), and its lane looks among its own for the next. The eight lists of a block, which are in order, are merged by their heads.
// Grid: slices · rows. Shared memory: 4 KB of lists.
// candidates_of_rows: a block a row brings the slices' lists to shared memory (slices · k · 8 bytes, dynamic), where a warp merges their heads, four lists a
// lane: 128 slices, 524,288 tokens at most. Sums are joined in a fixed order. No atomics.
// A row that wants fewer takes less time, one that wants none is passed over.
// Bound by latency, not by memory: about 120 cycles a candidate in each launch, so some 3 µs for one and 15 µs for 64, whatever the vocabulary.
// Called by CandidateKernel. -DELEMENT=BFloat16|Float16|float
#include "Sampling/parameters.cuh"

constexpr int Warps = 8, Each = 16, Slice = Warps * 32 * Each, Most = 64, ListsOfLane = 4;
constexpr uint32 NoToken = 0xFFFFFFFFu;

DEVICE uint32 WarpMaximum(uint32 value) {
  uint32 result;
  asm volatile("redux.sync.max.u32 %0, %1, 0xffffffff;" : "=r"(result) : "r"(value));
  return result;
}
DEVICE uint32 WarpMinimum(uint32 value) {
  uint32 result;
  asm volatile("redux.sync.min.u32 %0, %1, 0xffffffff;" : "=r"(result) : "r"(value));
  return result;
}
DEVICE float Shuffle(float value, int mask) { return __nvvm_shfl_sync_bfly_f32(0xFFFFFFFF, value, mask, 0x1F); }

/// The first of all lanes' candidates, in all lanes. Tokens tell lanes apart, but for empty ones.
DEVICE Candidate FirstOfWarp(const Candidate& own) {
  const uint32 key = WarpMaximum(own.key);
  return Candidate{key, WarpMinimum(own.key == key ? own.token : NoToken)};
}

/// In a fixed order of lanes; nothing but −∞ gives 0, NaN and +∞ NaN.
DEVICE SliceSum JoinWarp(SliceSum own, float inverse) {
  float largest = own.largest;
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) largest = __builtin_fmaxf(largest, Shuffle(largest, mask));
  const bool none = own.largest == -Infinity; // a NaN in a sum of nothing else stays
  float sum = none ? own.sum : own.sum * Exp(own.largest - largest), scaled = none ? own.scaled : own.scaled * Exp((own.largest - largest) * inverse);
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) {
    sum += Shuffle(sum, mask);
    scaled += Shuffle(scaled, mask);
  }
  return SliceSum{largest, sum, scaled, 0};
}

extern "C" __global__ void __launch_bounds__(256) candidates_of_slices(const CandidateParameters p) {
  __shared__ Candidate lists[Warps][Most];
  __shared__ SliceSum warpSums[Warps];
  const int lane = ThreadX() & 31, warp = ThreadX() >> 5, row = BlockY();
  const int count = CountOf(p, row);
  if (count <= 0) return;
  const float inverse = InverseOf(p, row);
  const int first = BlockX() * Slice + warp * (32 * Each) + lane;
  const ELEMENT* logits = (const ELEMENT*)p.logits + row * p.stride;
  float values[Each];
#pragma unroll
  for (int i = 0; i < Each; i++) values[i] = first + i * 32 < p.vocabulary ? ToFloat(logits[first + i * 32]) : -Infinity;
  SliceSum sum{-Infinity, 0, 0, 0};
#pragma unroll
  for (int i = 0; i < Each; i++) sum.largest = __builtin_fmaxf(sum.largest, values[i]);
  const float base = sum.largest == -Infinity ? 0.0f : sum.largest;
  uint32 keys[Each];
#pragma unroll
  for (int i = 0; i < Each; i++) {
    sum.sum += Exp(values[i] - base);
    sum.scaled += Exp((values[i] - base) * inverse);
    keys[i] = first + i * 32 < p.vocabulary ? KeyOf(values[i]) : 0;
  }
  sum = JoinWarp(sum, inverse);
  if (lane == 0) warpSums[warp] = sum;

  Candidate own;
  for (int n = 0; n < count; n++) {
    own = Candidate{0, NoToken};
#pragma unroll
    for (int i = 0; i < Each; i++) { // the earlier of equals has the lower token
      const bool higher = keys[i] > own.key;
      own.key = higher ? keys[i] : own.key;
      own.token = higher ? (uint32)(first + i * 32) : own.token;
    }
    const Candidate found = FirstOfWarp(own);
    if (lane == 0) lists[warp][n] = found;
#pragma unroll
    for (int i = 0; i < Each; i++) keys[i] = (uint32)(first + i * 32) == found.token ? 0 : keys[i];
  }
  SyncThreads();
  if (warp != 0) return;

  const SliceSum all = JoinWarp(lane < Warps ? warpSums[lane] : SliceSum{-Infinity, 0, 0, 0}, inverse);
  const int64 slice = (int64)row * p.slices + BlockX();
  if (lane == 0) p.sums[slice] = all;
  int at = 0;
  for (int n = 0; n < count; n++) {
    own = lane < Warps && at < count ? lists[lane < Warps ? lane : 0][at] : Candidate{0, NoToken};
    const Candidate found = FirstOfWarp(own);
    if (lane == 0) p.lists[slice * p.count + n] = found;
    if (found.key != 0 && own.token == found.token) at++;
  }
}

extern "C" __global__ void __launch_bounds__(256) candidates_of_rows(const CandidateParameters p) {
  extern __shared__ Candidate merged[]; // [slices, count]
  const int lane = ThreadX() & 31, row = BlockX(), count = CountOf(p, row), all = p.slices * count;
  if (count <= 0) return;
  const Candidate* lists = p.lists + (int64)row * p.slices * p.count;
  for (int i = ThreadX(); i < all; i += 256) merged[i] = lists[i / count * p.count + i % count];
  SyncThreads();
  if (ThreadX() >= 32) return;

  if (p.masses) {
    const float inverse = InverseOf(p, row);
    SliceSum sum{-Infinity, 0, 0, 0};
    for (int i = lane; i < p.slices; i += 32) {
      const SliceSum slice = p.sums[(int64)row * p.slices + i];
      const float largest = __builtin_fmaxf(sum.largest, slice.largest), base = largest == -Infinity ? 0.0f : largest;
      sum.sum = sum.sum * Exp(sum.largest - base) + slice.sum * Exp(slice.largest - base);
      sum.scaled = sum.scaled * Exp((sum.largest - base) * inverse) + slice.scaled * Exp((slice.largest - base) * inverse);
      sum.largest = largest;
    }
    sum = JoinWarp(sum, inverse);
    if (lane == 0) {
      p.masses[2 * row] = sum.sum;
      p.masses[2 * row + 1] = sum.scaled;
    }
  }

  int at[ListsOfLane];
#pragma unroll
  for (int i = 0; i < ListsOfLane; i++) at[i] = 0;
  for (int n = 0; n < count; n++) {
    Candidate own{0, NoToken};
    int of = 0;
#pragma unroll
    for (int i = 0; i < ListsOfLane; i++) {
      const int list = lane + i * 32;
      if (list < p.slices && at[i] < count) {
        const Candidate head = merged[list * count + at[i]];
        if (head.IsBefore(own)) {
          own = head;
          of = i;
        }
      }
    }
    const Candidate found = FirstOfWarp(own);
    if (lane == 0) {
      p.tokens[(int64)row * p.count + n] = (int32)found.token;
      p.scores[(int64)row * p.count + n] = LogitOf(found.key);
    }
    const bool is = found.token == own.token;
#pragma unroll
    for (int i = 0; i < ListsOfLane; i++) at[i] += is && of == i ? 1 : 0;
  }
}
