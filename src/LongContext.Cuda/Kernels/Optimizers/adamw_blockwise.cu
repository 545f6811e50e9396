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

/// A dynamic tree of 256 values in shared memory. `borders[code]` is the largest number of a code.
struct Tree {
  const float* values;
  const float* borders;
  bool isSigned;

  /// Guesses the code from the decade and the place in it, then compares with the borders beside: the nearest value's code to the bit.
  DEVICE uint32 Code(float x) const {
    const float magnitude = __builtin_fabsf(x);
    // 0 … 6 for (0, 1e-6], (1e-6, 1e-5], … (0.1, 1]
    const int decade = (magnitude > 1e-6f) + (magnitude > 1e-5f) + (magnitude > 1e-4f) + (magnitude > 1e-3f) + (magnitude > 1e-2f) + (magnitude > 1e-1f);
    float scale = 1e6f;
    scale = decade >= 1 ? 1e5f : scale;
    scale = decade >= 2 ? 1e4f : scale;
    scale = decade >= 3 ? 1e3f : scale;
    scale = decade >= 4 ? 1e2f : scale;
    scale = decade >= 5 ? 1e1f : scale;
    scale = decade >= 6 ? 1.0f : scale;
    const int fractions = isSigned ? 1 << decade : 2 << decade, below = fractions - (isSigned ? 1 : 2); // of all decades below
    const float place = (magnitude * scale - 0.1f) * (1.0f / 0.9f) * (float)fractions;
    const int step = Min(Max((int)place, 0), fractions - 1) + below; // 0 for the value above 0
    int code = isSigned ? (x < 0 ? 126 - step : 128 + step) : 1 + step;
    code = Min(Max(code, 0), 255);
    // The guess is at most one step from the code: below 1e-7, near 1 and where rounding moved the place.
#pragma unroll
    for (int i = 0; i < 2; i++) code += x > borders[code] ? 1 : 0;
#pragma unroll
    for (int i = 0; i < 2; i++) code -= code > 0 && !(x > borders[code > 0 ? code - 1 : 0]) ? 1 : 0;
    return x == x ? (uint32)code : 0u;
  }
};

DEVICE float LargestOfWarp(const float (&values)[Runs][4]) {
  float largest = 0;
#pragma unroll
  for (int run = 0; run < Runs; run++)
#pragma unroll
    for (int i = 0; i < 4; i++) largest = __builtin_fmaxf(largest, __builtin_fabsf(values[run][i]));
  return WarpMax(largest);
}

DEVICE uint32 Encode(const float (&values)[4], float inverse, const Tree& tree) {
  uint32 codes = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) codes |= tree.Code(MultiplyRounded(values[i], inverse)) << (8 * i);
  return codes;
}

template <typename T, bool Aligned> DEVICE void Step(const BlockwiseAdamWParameters& p, float* tables) {
  for (int i = ThreadX(); i < 1024; i += BlockSizeX()) tables[i] = p.tables[i];
  SyncThreads();
  const Tree meanTree{tables, tables + 256, true}, squareTree{tables + 512, tables + 768, false};
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
        const float oldMean = MultiplyRounded(meanTree.values[(meanCodes[run] >> (8 * i)) & 255], meanScale);
        const float oldSquare = MultiplyRounded(squareTree.values[(squareCodes[run] >> (8 * i)) & 255], squareScale);
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
  __shared__ float tables[1024];
  Step<ELEMENT, true>(p, tables);
}

extern "C" __global__ void __launch_bounds__(256) adamw_blockwise_any(const BlockwiseAdamWParameters p) {
  __shared__ float tables[1024];
  Step<ELEMENT, false>(p, tables);
}
