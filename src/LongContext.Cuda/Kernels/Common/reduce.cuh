// Sums and maxima over the threads of a row. The order is fixed: equal inputs give equal bits.
// A "team" is the threads that share a row: a power of two up to 32, or a whole block of several warps.
#pragma once
#include "Common/cuda.cuh"

DEVICE float ShuffleXor(float value, int mask) { return __nvvm_shfl_sync_bfly_f32(0xFFFFFFFF, value, mask, 0x1F); }

/// Over `team` neighbouring threads; all 32 threads of the warp call it.
DEVICE float TeamSum(float value, int team) {
  for (int mask = team >> 1; mask > 0; mask >>= 1) value += ShuffleXor(value, mask);
  return value;
}

DEVICE float WarpSum(float value) {
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) value += ShuffleXor(value, mask);
  return value;
}

DEVICE float WarpMax(float value) {
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) value = __builtin_fmaxf(value, ShuffleXor(value, mask));
  return value;
}

/// Over a team or, where it has several warps, over the block. `shared` holds 32 floats that no thread still reads from.
DEVICE float RowSum(float value, int team, float* shared) {
  if (team <= 32) return TeamSum(value, team);
  value = WarpSum(value);
  const int lane = ThreadX() & 31, warp = ThreadX() >> 5, warps = BlockSizeX() >> 5;
  if (lane == 0) shared[warp] = value;
  SyncThreads();
  return WarpSum(lane < warps ? shared[lane] : 0.0f);
}

/// Two at once. `shared` holds 64 floats.
DEVICE void RowSums(float& first, float& second, int team, float* shared) {
  if (team <= 32) {
    first = TeamSum(first, team);
    second = TeamSum(second, team);
    return;
  }
  first = WarpSum(first);
  second = WarpSum(second);
  const int lane = ThreadX() & 31, warp = ThreadX() >> 5, warps = BlockSizeX() >> 5;
  if (lane == 0) {
    shared[warp] = first;
    shared[32 + warp] = second;
  }
  SyncThreads();
  first = WarpSum(lane < warps ? shared[lane] : 0.0f);
  second = WarpSum(lane < warps ? shared[32 + lane] : 0.0f);
}
