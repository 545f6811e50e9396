// AdamW:  m += (1 − β1)·(g − m);  v = β2·v + (1 − β2)·g²;  w = w − w·decay − m / (√v / √(1 − β2ᵗ) + ε) · step,  over flat memory.
// The weight is float32; or 16-bit, updated in float32 and rounded (to the nearest or stochastically); or 16-bit with a float32 master.
//
// adamw: all aligned to 16 bytes; a thread has UNROLL times four values, a block's width apart, all loads before any store, and the last
//   count % 4 values go one by one. adamw_any: any alignment, a value at a time. Grid: any number of blocks of 256, which walk the memory.
// Each value is read and written by one thread. Called by AdamWKernel.
#include "Optimizers/adamw_update.cuh"
#include "Optimizers/rounding.cuh"

constexpr int Unroll = 2;

template <typename T> DEVICE void One(const AdamWParameters& p, int64 i) {
  const float g = p.floatGradient ? ((const float*)p.gradient)[i] : ToFloat(((const T*)p.gradient)[i]);
  const float m = MovedMean(p.mean[i], g, p.constants), v = UpdatedSquare(p.square[i], g, p.constants);
  const float w = UpdatedWeight(p.master ? p.master[i] : ToFloat(((const T*)p.weight)[i]), m, v, p.constants);
  p.mean[i] = m;
  p.square[i] = v;
  if (p.master) p.master[i] = w;
  ((T*)p.weight)[i] = RoundWeight<T>(w, p.stochastic, p.key, (uint32)(p.start + i));
}

template <typename T> DEVICE void Step(const AdamWParameters& p) {
  const int64 fours = p.count / 4;
  const int step = BlockSizeX();
  for (int64 first = (int64)BlockX() * step * Unroll + ThreadX(); first < fours; first += (int64)GridSizeX() * step * Unroll) {
    float w[Unroll][4], g[Unroll][4], m[Unroll][4], v[Unroll][4];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int64 at = (first + i * step) * 4;
      if (first + i * step < fours) {
        if (p.master)
          LoadValues(p.master, at, w[i]);
        else
          LoadValues((const T*)p.weight, at, w[i]);
        if (p.floatGradient)
          LoadValues((const float*)p.gradient, at, g[i]);
        else
          LoadValues((const T*)p.gradient, at, g[i]);
        LoadValues(p.mean, at, m[i]);
        LoadValues(p.square, at, v[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int64 at = (first + i * step) * 4;
      if (first + i * step < fours) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          m[i][j] = MovedMean(m[i][j], g[i][j], p.constants);
          v[i][j] = UpdatedSquare(v[i][j], g[i][j], p.constants);
          w[i][j] = UpdatedWeight(w[i][j], m[i][j], v[i][j], p.constants);
        }
        StoreValues(p.mean, at, m[i]);
        StoreValues(p.square, at, v[i]);
        if (p.master) StoreValues(p.master, at, w[i]);
        StoreWeights((T*)p.weight, at, w[i], p.stochastic, p.key, (uint32)(p.start + at));
      }
    }
  }
  if (BlockX() == 0 && ThreadX() < (int)(p.count & 3)) One<T>(p, fours * 4 + ThreadX());
}

extern "C" __global__ void __launch_bounds__(256) adamw(const AdamWParameters p) { Step<ELEMENT>(p); }

extern "C" __global__ void __launch_bounds__(256) adamw_any(const AdamWParameters p) {
  for (int64 i = (int64)BlockX() * BlockSizeX() + ThreadX(); i < p.count; i += (int64)GridSizeX() * BlockSizeX()) One<ELEMENT>(p, i);
}
