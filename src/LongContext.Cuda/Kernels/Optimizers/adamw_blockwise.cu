// AdamW over 8-bit state (Dettmers et al. 2022, arXiv:2110.02861) in blocks of 256 values: codes become values, the update is made in
// float32, the new state's largest magnitudes are taken, and codes are made anew. The bits of BlockwiseAdamWKernel of the host.
//
// A warp has a block of state at a time; a thread of it two runs of four neighbours, 128 values apart, so that float32 goes in accesses of
// 16 bytes and codes in accesses of 4. Tables stand in shared memory. Grid: any number of blocks of 256, whose warps walk the state.
// adamw_blockwise: weights and gradients aligned to 16 bytes, codes to 4. adamw_blockwise_any: value by value.
// Values beyond the last count as weight and gradient 0 with codes of 0 and are not written. Called by BlockwiseAdamWKernel.
#include "Common/reduce.cuh"
#include "Optimizers/adamw_update.cuh"
#include "Optimizers/rounding.cuh"

constexpr int Runs = 2;

/// Floats of shared memory: the four tables of the parameters, {limit, decade · 8} of 32 binades, {slope, shift} of 8 decades of each tree.
constexpr int Binades = 1024, Decades = Binades + 64, TableFloats = Decades + 32;

struct Pair {
  float first, second;
};

/// By 32-bit addresses: the compiler's own for shared memory have 64 bits, which took half of the kernel's instructions.
DEVICE float SharedFloat(uint32 address) {
  float result;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(result) : "r"(address));
  return result;
}
DEVICE Pair SharedPair(uint32 address) {
  Pair result;
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(result.first), "=f"(result.second) : "r"(address));
  return result;
}

/// A dynamic tree in shared memory: decades (0, 1e-6], (1e-6, 1e-5] … (0.1, 1], each with twice as many values as the one below, evenly spaced.
template <bool Signed> struct Tree {
  uint32 tables; // address

  DEVICE float Value(uint32 code) const { return SharedFloat(tables + (Signed ? 0 : 2048) + 4 * code); }

  /// The largest number of a code.
  DEVICE float Border(int code) const { return SharedFloat(tables + (Signed ? 1024 : 3072) + 4 * (uint32)code); }

  /// Places a number in its decade, rounded one value low, which leaves two codes; the border between them decides, to the bit. NaN has any code.
  DEVICE uint32 Code(float x) const {
    constexpr float Whole = 12582912.0f; // 1.5 · 2^23: what is added to it is rounded to a whole number in its lower bits
    const float magnitude = __builtin_fabsf(x);
    const uint32 exponent = Min(Max(__builtin_bit_cast(uint32, magnitude) >> 23, 103u), 127u); // 2^-24 … 1: no binade has two powers of ten
    const Pair binade = SharedPair(tables + 4 * Binades + 8 * (exponent - 103));
    const uint32 decade = __builtin_bit_cast(uint32, binade.second) + (magnitude > binade.first ? 8 : 0);
    const Pair line = SharedPair(tables + 4 * Decades + (Signed ? 0 : 64) + decade);
    const float place = AddRounded(__builtin_fmaf(magnitude, line.first, line.second), Whole);
    const int step = __builtin_bit_cast(int, place) - __builtin_bit_cast(int, Whole);
    const int guess = Signed ? (x < 0 ? 125 - step : 128 + step) : 1 + step;
    const int code = Min(Max(guess, 0), 254);
    return (uint32)(code + (x > Border(code) ? 1 : 0));
  }
};

DEVICE void LoadTables(const float* given, float* tables) {
  for (int i = ThreadX(); i < 1024; i += BlockSizeX()) tables[i] = given[i];
  if (ThreadX() < 32) {
    const float least = __builtin_bit_cast(float, (uint32)(ThreadX() + 103) << 23);
    float limit = 1e-6f;
    int decade = 0;
    while (decade < 6 && least > limit) {
      decade++;
      limit = decade == 1 ? 1e-5f : decade == 2 ? 1e-4f : decade == 3 ? 1e-3f : decade == 4 ? 1e-2f : 1e-1f;
    }
    tables[Binades + 2 * ThreadX()] = decade == 6 ? Infinity : limit;
    tables[Binades + 2 * ThreadX() + 1] = __builtin_bit_cast(float, 8 * decade);
  } else if (ThreadX() < 48) { // place = (x · 10^(6 − decade) − 0.1) / 0.9 · fractions, counted on from the decades below
    const int decade = ThreadX() & 7, fractions = ThreadX() < 40 ? 1 << decade : 2 << decade;
    float scale = 1e6f / 0.9f;
    for (int i = 0; i < decade; i++) scale *= 0.1f;
    tables[Decades + 2 * (ThreadX() - 32)] = scale * (float)fractions;
    tables[Decades + 2 * (ThreadX() - 32) + 1] = (float)(fractions - (ThreadX() < 40 ? 1 : 2)) - 1.0f - (float)fractions / 9.0f;
  }
  SyncThreads();
}

DEVICE float LargestOfWarp(const float (&values)[Runs][4]) {
  float largest = 0;
#pragma unroll
  for (int run = 0; run < Runs; run++)
#pragma unroll
    for (int i = 0; i < 4; i++) largest = __builtin_fmaxf(largest, __builtin_fabsf(values[run][i]));
  return WarpMax(largest);
}

template <bool Signed> DEVICE uint32 Encode(const float (&values)[4], float inverse, const Tree<Signed>& tree) {
  uint32 codes = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) codes |= tree.Code(MultiplyRounded(values[i], inverse)) << (8 * i);
  return codes;
}

template <typename T, bool Aligned> DEVICE void Step(const BlockwiseAdamWParameters& p, float* tables) {
  LoadTables(p.tables, tables);
  const Tree<true> meanTree{SharedAddress(tables)};
  const Tree<false> squareTree{SharedAddress(tables)};
  const uint32 zeros = 127u * 0x01010101u; // the signed tree's code of 0, four times
  const int lane = ThreadX() & 31, warps = BlockSizeX() >> 5;
  const int64 blocks = (p.count + StateBlock - 1) / StateBlock;
  for (int64 block = (int64)BlockX() * warps + (ThreadX() >> 5); block < blocks; block += (int64)GridSizeX() * warps) {
    float w[Runs][4], g[Runs][4], m[Runs][4], v[Runs][4];
    uint32 meanCodes[Runs], squareCodes[Runs];
#pragma unroll
    for (int run = 0; run < Runs; run++) {
      const int64 at = block * StateBlock + run * 128 + lane * 4;
      if (Aligned && at + 4 <= p.count) {
        if (p.master)
          LoadValues(p.master, at, w[run]);
        else
          LoadValues((const T*)p.weight, at, w[run]);
        if (p.floatGradient)
          LoadValues((const float*)p.gradient, at, g[run]);
        else
          LoadValues((const T*)p.gradient, at, g[run]);
        meanCodes[run] = *(const uint32*)(p.meanCodes + at);
        squareCodes[run] = *(const uint32*)(p.squareCodes + at);
      } else {
        meanCodes[run] = zeros;
        squareCodes[run] = 0;
#pragma unroll
        for (int i = 0; i < 4; i++) {
          w[run][i] = g[run][i] = 0;
          if (at + i < p.count) {
            w[run][i] = p.master ? p.master[at + i] : ToFloat(((const T*)p.weight)[at + i]);
            g[run][i] = p.floatGradient ? ((const float*)p.gradient)[at + i] : ToFloat(((const T*)p.gradient)[at + i]);
            meanCodes[run] ^= (127u ^ p.meanCodes[at + i]) << (8 * i);
            squareCodes[run] |= (uint32)p.squareCodes[at + i] << (8 * i);
          }
        }
      }
    }

    const float meanScale = p.meanScales[block], squareScale = p.squareScales[block];
#pragma unroll
    for (int run = 0; run < Runs; run++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        const float oldMean = MultiplyRounded(meanTree.Value((meanCodes[run] >> (8 * i)) & 255), meanScale);
        const float oldSquare = MultiplyRounded(squareTree.Value((squareCodes[run] >> (8 * i)) & 255), squareScale);
        m[run][i] = UpdatedMean(oldMean, g[run][i], p.constants);
        v[run][i] = UpdatedSquare(oldSquare, g[run][i], p.constants);
        w[run][i] = UpdatedWeight(w[run][i], m[run][i], v[run][i], p.constants);
      }
    }

    constexpr float SmallestNormal = 1.17549435e-38f; // below it, one over a number may be infinite
    const float largestMean = LargestOfWarp(m), largestSquare = LargestOfWarp(v);
    const float inverseMean = DivideRounded(1.0f, __builtin_fmaxf(largestMean, SmallestNormal));
    const float inverseSquare = DivideRounded(1.0f, __builtin_fmaxf(largestSquare, SmallestNormal));
    if (lane == 0) {
      p.meanScales[block] = largestMean;
      p.squareScales[block] = largestSquare;
    }
#pragma unroll
    for (int run = 0; run < Runs; run++) {
      const int64 at = block * StateBlock + run * 128 + lane * 4;
      meanCodes[run] = Encode(m[run], inverseMean, meanTree);
      squareCodes[run] = Encode(v[run], inverseSquare, squareTree);
      if (Aligned && at + 4 <= p.count) {
        if (p.master) StoreValues(p.master, at, w[run]);
        StoreWeights((T*)p.weight, at, w[run], p.stochastic, p.key, (uint32)(p.start + at));
        *(uint32*)(p.meanCodes + at) = meanCodes[run];
        *(uint32*)(p.squareCodes + at) = squareCodes[run];
      } else {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          if (at + i < p.count) {
            if (p.master) p.master[at + i] = w[run][i];
            ((T*)p.weight)[at + i] = RoundWeight<T>(w[run][i], p.stochastic, p.key, (uint32)(p.start + at + i));
            p.meanCodes[at + i] = (uint8)(meanCodes[run] >> (8 * i));
            p.squareCodes[at + i] = (uint8)(squareCodes[run] >> (8 * i));
          }
        }
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(256) adamw_blockwise(const BlockwiseAdamWParameters p) {
  alignas(8) __shared__ float tables[TableFloats];
  Step<ELEMENT, true>(p, tables);
}

extern "C" __global__ void __launch_bounds__(256) adamw_blockwise_any(const BlockwiseAdamWParameters p) {
  alignas(8) __shared__ float tables[TableFloats];
  Step<ELEMENT, false>(p, tables);
}
