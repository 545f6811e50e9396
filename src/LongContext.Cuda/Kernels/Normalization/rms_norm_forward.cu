// y = n · (w + offset), n = (x + residual) / √(mean((x + residual)²) + ε), over rows; x + residual is written too where there is a residual.
//
// rms_norm_forward: rows of whole, aligned chunks of 16 bytes, at most HELD · team of them. A team of threads holds its row in registers
//   between the sum and the product: each tensor is read or written once. Grid: ⌈rows / (block / team)⌉ blocks; block 256, or team if more.
// rms_norm_forward_any: any length and alignment, a block of 256 a row, element by element; the row is read twice.
//
// Sums are float32; n is rounded to T before the weight multiplies it unless weightInFloat32. Each element is read and written by one
// thread, so that y and sum may lie where x or the residual does. Called by RmsNormKernel.
#include "Common/arithmetic.cuh"
#include "Common/reduce.cuh"
#include "Normalization/parameters.cuh"

constexpr int Held = 4;

/// The weight that multiplies, as the definition has it: the offset is added in the weight's own type where the product is.
template <typename W> DEVICE float Factor(float weight, const RmsNormParameters& p) {
  const float shifted = weight + p.weightOffset;
  return p.weightInFloat32 ? shifted : Rounded<W>(shifted);
}

template <typename T, typename W> DEVICE float Scaled(float x, float inverse, float weight, const RmsNormParameters& p) {
  const float normalised = x * inverse;
  return (p.weightInFloat32 ? normalised : Rounded<T>(normalised)) * Factor<W>(weight, p);
}

/// A chunk's result. The usual case, in which rounded values and weights of one 16-bit type are multiplied and rounded, is two products a word.
template <typename T, typename W> DEVICE Words4 ScaledChunk(Words4 x, float inverse, const W* weights, const RmsNormParameters& p) {
  float a[Lanes<T>], weight[Lanes<T>];
  Unpack<T>(x, a);
#pragma unroll
  for (int j = 0; j < Lanes<T>; j++) a[j] *= inverse;
  if constexpr (IsHalf<T> && sizeof(T) == sizeof(W)) {
    if (!p.weightInFloat32 && p.weightOffset == 0) {
      const Words4 normalised = PackAll<T>(a), factors = LoadChunk(weights, 0);
      Words4 result;
#pragma unroll
      for (int j = 0; j < 4; j++) result[j] = MultiplyPairs<T>(normalised[j], factors[j]);
      return result;
    }
  }
  LoadValues(weights, 0, weight);
#pragma unroll
  for (int j = 0; j < Lanes<T>; j++) weight[j] += p.weightOffset;
  if (p.weightInFloat32) {
#pragma unroll
    for (int j = 0; j < Lanes<T>; j++) a[j] *= weight[j];
  } else {
#pragma unroll
    for (int j = 0; j < Lanes<T>; j++) a[j] = Rounded<T>(a[j]) * Rounded<W>(weight[j]);
  }
  return PackAll<T>(a);
}

template <typename T, typename W> DEVICE void ForwardHeld(const RmsNormParameters& p, float* shared) {
  const bool several = p.team <= 32;
  const int lane = several ? ThreadX() & (p.team - 1) : ThreadX();
  const int rowsOfBlock = several ? BlockSizeX() / p.team : 1;
  const int row = BlockX() * rowsOfBlock + (several ? ThreadX() / p.team : 0);
  const int chunks = row < p.rows ? p.columns / Lanes<T> : 0; // threads beyond the last row stay for the shuffles
  const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);

  Words4 held[Held];
#pragma unroll
  for (int i = 0; i < Held; i++) held[i] = lane + i * p.team < chunks ? LoadChunk(x, lane + i * p.team) : Zeros();
  if (p.residual) {
    const T* residual = (const T*)p.residual + RowStart(row, p.inner, p.residualStride, p.columns);
    T* sum = (T*)p.sum + RowStart(row, p.inner, p.sumStride, p.columns);
    Words4 other[Held];
#pragma unroll
    for (int i = 0; i < Held; i++) other[i] = lane + i * p.team < chunks ? LoadChunk(residual, lane + i * p.team) : Zeros();
#pragma unroll
    for (int i = 0; i < Held; i++) {
      float a[Lanes<T>], b[Lanes<T>];
      Unpack<T>(held[i], a);
      Unpack<T>(other[i], b);
#pragma unroll
      for (int j = 0; j < Lanes<T>; j++) a[j] += b[j];
      held[i] = PackAll<T>(a);
      if (lane + i * p.team < chunks) StoreChunk(sum, lane + i * p.team, held[i]);
    }
  }

  float squares = 0;
#pragma unroll
  for (int i = 0; i < Held; i++) {
    float a[Lanes<T>];
    Unpack<T>(held[i], a);
#pragma unroll
    for (int j = 0; j < Lanes<T>; j++) squares += a[j] * a[j];
  }
  const float inverse = InverseRoot(RowSum(squares, p.team, shared) / (float)p.columns + p.epsilon);

  T* y = (T*)p.y + RowStart(row, p.inner, p.yStride, p.columns);
#pragma unroll
  for (int i = 0; i < Held; i++) {
    const int chunk = lane + i * p.team;
    if (chunk < chunks) {
      Repack(held[i]);
      StoreChunk(y, chunk, ScaledChunk<T, W>(held[i], inverse, (const W*)p.weight + chunk * Lanes<T>, p));
    }
  }
}

template <typename T, typename W> DEVICE void ForwardAny(const RmsNormParameters& p, float* shared) {
  const int row = BlockX();
  const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);
  T* sum = (T*)p.sum + RowStart(row, p.inner, p.sumStride, p.columns);
  float squares = 0;
  if (p.residual) {
    const T* residual = (const T*)p.residual + RowStart(row, p.inner, p.residualStride, p.columns);
    for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) {
      const T added = FromFloat<T>(ToFloat(x[i]) + ToFloat(residual[i]));
      sum[i] = added;
      squares += ToFloat(added) * ToFloat(added);
    }
  } else {
    for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) squares += ToFloat(x[i]) * ToFloat(x[i]);
  }
  const float inverse = InverseRoot(RowSum(squares, BlockSizeX(), shared) / (float)p.columns + p.epsilon);
  T* y = (T*)p.y + RowStart(row, p.inner, p.yStride, p.columns);
  const W* weight = (const W*)p.weight;
  const T* normed = p.residual ? sum : x; // each thread reads what it wrote itself
  for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) y[i] = FromFloat<T>(Scaled<T, W>(ToFloat(normed[i]), inverse, ToFloat(weight[i]), p));
}

extern "C" __global__ void __launch_bounds__(512) rms_norm_forward(const RmsNormParameters p) {
  __shared__ float shared[32];
  ForwardHeld<ELEMENT, WEIGHT>(p, shared);
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_forward_any(const RmsNormParameters p) {
  __shared__ float shared[32];
  ForwardAny<ELEMENT, WEIGHT>(p, shared);
}
