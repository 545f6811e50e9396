// Backward of y = n · w', n = x·r, r = 1/√(mean(x²) + ε), w' = w + offset. With u = w'·g:  ∂x = r·(u − n·mean(u·n)) (+ added),  ∂w = Σ over rows of g·n.
//
// rms_norm_backward, …_long: rows of whole, aligned chunks of 16 bytes, at most 2 (4) · team of them, held in registers: x, g and added are
//   read once, ∂x written once. A fixed number of blocks walks the rows; where the weight trains, each thread adds up its columns in registers
//   and the block writes one row of partial sums. Grid: any number of blocks; block 256, or team if that is more.
// rms_norm_backward_any: any length and alignment, a block of 256 a row; rows are read twice and sums kept in the partial row.
// rms_norm_weight: adds up the partial rows in their order. Grid ⌈columns / 32⌉, block 1024: 32 columns by 32 parts of the rows.
//
// All is float32 but for inputs and results. The same grid gives the same bits. Each element is read and written by one thread, so that
// the result may lie where x, g or added do. Called by RmsNormKernel.
#include "Common/arithmetic.cuh"
#include "Common/reduce.cuh"
#include "Normalization/parameters.cuh"

constexpr int SmallBlock = 256; // of teams up to 32 threads

template <typename T, int Held> DEVICE void WritePartial(const RmsNormBackwardParameters& p, const float (&sums)[Held][Lanes<T>], int lane, int slot, float* columns) {
  const int chunks = p.columns / Lanes<T>;
  float* partial = p.partial + (int64)BlockX() * p.columns;
  if (p.team > 32) {
#pragma unroll
    for (int i = 0; i < Held; i++) {
      const int chunk = lane + i * p.team;
      if (chunk < chunks) StoreValues(partial, (int64)chunk * Lanes<T>, sums[i]);
    }
    return;
  }
#pragma unroll
  for (int i = 0; i < Held; i++) {
    const int chunk = lane + i * p.team;
    if (chunk < chunks) StoreValues(columns + slot * p.columns, (int64)chunk * Lanes<T>, sums[i]);
  }
  SyncThreads();
  const int slots = BlockSizeX() / p.team;
  for (int column = ThreadX(); column < p.columns; column += BlockSizeX()) {
    float sum = 0;
    for (int i = 0; i < slots; i++) sum += columns[i * p.columns + column];
    partial[column] = sum;
  }
}

template <typename T, typename W, int Held> DEVICE void BackwardHeld(const RmsNormBackwardParameters& p, float* shared, float* columns) {
  const bool several = p.team <= 32;
  const int lane = several ? ThreadX() & (p.team - 1) : ThreadX();
  const int slot = several ? ThreadX() / p.team : 0, rowsOfBlock = several ? BlockSizeX() / p.team : 1;
  const float mean = 1.0f / (float)p.columns;
  float sums[Held][Lanes<T>] = {};
  int turn = 0;
  for (int64 first = (int64)BlockX() * rowsOfBlock; first < p.rows; first += (int64)GridSizeX() * rowsOfBlock, turn ^= 64) {
    const int row = (int)first + slot;
    const int chunks = first + slot < p.rows ? p.columns / Lanes<T> : 0; // threads beyond the last row stay for the shuffles
    const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);
    const T* gradient = (const T*)p.gradient + RowStart(row, p.inner, p.gradientStride, p.columns);
    Words4 heldX[Held], heldG[Held], heldA[Held];
#pragma unroll
    for (int i = 0; i < Held; i++) heldX[i] = lane + i * p.team < chunks ? LoadChunk(x, lane + i * p.team) : Zeros();
#pragma unroll
    for (int i = 0; i < Held; i++) heldG[i] = lane + i * p.team < chunks ? LoadChunk(gradient, lane + i * p.team) : Zeros();
    if (p.added) {
      const T* added = (const T*)p.added + RowStart(row, p.inner, p.addedStride, p.columns);
#pragma unroll
      for (int i = 0; i < Held; i++) heldA[i] = lane + i * p.team < chunks ? LoadChunk(added, lane + i * p.team) : Zeros();
    } else {
#pragma unroll
      for (int i = 0; i < Held; i++) heldA[i] = Zeros();
    }

    float squares = 0, products = 0; // Σ x², Σ u·x
#pragma unroll
    for (int i = 0; i < Held; i++) {
      const int chunk = lane + i * p.team;
      if (chunk < chunks) {
        float a[Lanes<T>], g[Lanes<T>], weight[Lanes<T>];
        Unpack<T>(heldX[i], a);
        Unpack<T>(heldG[i], g);
        LoadValues((const W*)p.weight, (int64)chunk * Lanes<T>, weight);
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) {
          squares += a[j] * a[j];
          products += g[j] * (weight[j] + p.weightOffset) * a[j];
        }
      }
    }
    RowSums(squares, products, p.team, shared + turn); // turns, so that one barrier a row is enough
    const float inverse = InverseRoot(squares * mean + p.epsilon), share = products * mean * inverse * inverse;

    T* result = (T*)p.result + RowStart(row, p.inner, p.resultStride, p.columns);
#pragma unroll
    for (int i = 0; i < Held; i++) {
      const int chunk = lane + i * p.team;
      if (chunk < chunks) {
        float a[Lanes<T>], g[Lanes<T>], other[Lanes<T>], weight[Lanes<T>];
        Repack(heldX[i]);
        Repack(heldG[i]);
        Unpack<T>(heldX[i], a);
        Unpack<T>(heldG[i], g);
        Unpack<T>(heldA[i], other);
        LoadValues((const W*)p.weight, (int64)chunk * Lanes<T>, weight);
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) {
          sums[i][j] += g[j] * (a[j] * inverse);
          other[j] += inverse * (g[j] * (weight[j] + p.weightOffset) - a[j] * share);
        }
        StoreChunk(result, chunk, PackAll<T>(other));
      }
    }
  }
  if (p.partial) WritePartial<T, Held>(p, sums, lane, slot, columns);
}

template <typename T, typename W> DEVICE void BackwardAny(const RmsNormBackwardParameters& p, float* shared) {
  const W* weight = (const W*)p.weight;
  float* partial = p.partial ? p.partial + (int64)BlockX() * p.columns : nullptr;
  if (partial)
    for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) partial[i] = 0;
  int turn = 0;
  for (int64 row = BlockX(); row < p.rows; row += GridSizeX(), turn ^= 64) {
    const T* x = (const T*)p.x + RowStart((int)row, p.inner, p.xStride, p.columns);
    const T* gradient = (const T*)p.gradient + RowStart((int)row, p.inner, p.gradientStride, p.columns);
    const T* added = p.added ? (const T*)p.added + RowStart((int)row, p.inner, p.addedStride, p.columns) : nullptr;
    T* result = (T*)p.result + RowStart((int)row, p.inner, p.resultStride, p.columns);
    float squares = 0, products = 0;
    for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) {
      const float a = ToFloat(x[i]);
      squares += a * a;
      products += ToFloat(gradient[i]) * (ToFloat(weight[i]) + p.weightOffset) * a;
    }
    RowSums(squares, products, BlockSizeX(), shared + turn);
    const float inverse = InverseRoot(squares / (float)p.columns + p.epsilon), share = products / (float)p.columns * inverse * inverse;
    for (int i = ThreadX(); i < p.columns; i += BlockSizeX()) {
      const float a = ToFloat(x[i]), g = ToFloat(gradient[i]);
      const float other = added ? ToFloat(added[i]) : 0.0f;
      result[i] = FromFloat<T>(other + inverse * (g * (ToFloat(weight[i]) + p.weightOffset) - a * share));
      if (partial) partial[i] += g * (a * inverse);
    }
  }
}

extern "C" __global__ void __launch_bounds__(512) rms_norm_backward(const RmsNormBackwardParameters p) {
  __shared__ float shared[128];
  alignas(16) __shared__ float columns[SmallBlock * 2 * Lanes<ELEMENT>]; // a row of sums for each team
  BackwardHeld<ELEMENT, WEIGHT, 2>(p, shared, columns);
}

extern "C" __global__ void __launch_bounds__(512) rms_norm_backward_long(const RmsNormBackwardParameters p) {
  __shared__ float shared[128];
  BackwardHeld<ELEMENT, WEIGHT, 4>(p, shared, nullptr); // teams are whole blocks
}

extern "C" __global__ void __launch_bounds__(256) rms_norm_backward_any(const RmsNormBackwardParameters p) {
  __shared__ float shared[128];
  BackwardAny<ELEMENT, WEIGHT>(p, shared);
}

extern "C" __global__ void __launch_bounds__(1024) rms_norm_weight(const RmsNormWeightParameters p) {
  __shared__ float parts[32][33];
  const int lane = ThreadX() & 31, part = ThreadX() >> 5, column = BlockX() * 32 + lane;
  float sum = 0;
  if (column < p.columns) {
#pragma unroll 4
    for (int row = part; row < p.count; row += 32) sum += p.partial[(int64)row * p.columns + column];
  }
  parts[part][lane] = sum;
  SyncThreads();
  if (part != 0 || column >= p.columns) return;
  WEIGHT* gradient = (WEIGHT*)p.gradient;
  sum = 0;
  for (int i = 0; i < 32; i++) sum += parts[i][lane];
  gradient[column] = FromFloat<WEIGHT>(p.accumulate ? ToFloat(gradient[column]) + sum : sum);
}
