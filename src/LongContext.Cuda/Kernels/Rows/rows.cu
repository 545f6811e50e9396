// Gathers of rows, and the bound of logits. Bound by memory: a thread moves chunks of 16 bytes, a block's width apart, in stretches of a row.
//
// …_any: rows of any length and alignment, a thread an element.
// Grid: any number of blocks of 256, which walk the stretches (elements). Called by GatherKernel and SoftCapKernel. -DELEMENT=BFloat16|Float16|float
#include "Rows/parameters.cuh"

constexpr int Unroll = 2;

/// Calls work(row, chunk) for a stretch's chunks of this thread, all loads before all stores.
template <typename T, typename Load, typename Store> DEVICE void Walk(int64 rows, int columns, const Load& load, const Store& store) {
  const int chunks = columns / Lanes<T>, step = BlockSizeX(), stretches = CeilDivide(chunks, step * Unroll);
  for (int64 stretch = BlockX(); stretch < rows * stretches; stretch += GridSizeX()) {
    const int64 row = stretch / stretches;
    const int first = (int)(stretch - row * stretches) * step * Unroll + ThreadX();
    Words4 words[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++)
      if (first + i * step < chunks) words[i] = load(row, first + i * step);
#pragma unroll
    for (int i = 0; i < Unroll; i++)
      if (first + i * step < chunks) store(row, first + i * step, words[i]);
  }
}

extern "C" __global__ void __launch_bounds__(256) gather(const GatherParameters p) {
  using T = ELEMENT;
  Walk<T>(
      p.rows, p.columns,
      [&](int64 row, int chunk) {
        const int index = p.indices[row];
        if (index < 0 || index >= p.tableRows) return Zeros();
        return LoadChunk((const T*)p.table + index * p.tableStride, chunk);
      },
      [&](int64 row, int chunk, Words4 words) {
        if (p.scale != 1.0f) { // else the bits stay as they are
          float values[Lanes<T>];
          Unpack<T>(words, values);
#pragma unroll
          for (int i = 0; i < Lanes<T>; i++) values[i] *= p.scale;
          words = PackAll<T>(values);
        }
        StoreChunk((T*)p.result + row * p.resultStride, chunk, words);
      });
}

extern "C" __global__ void __launch_bounds__(256) gather_any(const GatherParameters p) {
  for (int64 at = (int64)BlockX() * BlockSizeX() + ThreadX(); at < p.rows * p.columns; at += (int64)GridSizeX() * BlockSizeX()) {
    const int64 row = at / p.columns, column = at % p.columns;
    const int index = p.indices[row];
    ELEMENT* to = (ELEMENT*)p.result + row * p.resultStride + column;
    if (index < 0 || index >= p.tableRows) {
      *to = FromFloat<ELEMENT>(0.0f);
      continue;
    }
    const ELEMENT value = ((const ELEMENT*)p.table)[index * p.tableStride + column];
    *to = p.scale == 1.0f ? value : FromFloat<ELEMENT>(ToFloat(value) * p.scale);
  }
}

extern "C" __global__ void __launch_bounds__(256) soft_cap(const SoftCapParameters p) {
  using T = ELEMENT;
  Walk<T>(
      p.rows, p.columns, [&](int64 row, int chunk) { return LoadChunk((const T*)p.values + row * p.stride, chunk); },
      [&](int64 row, int chunk, Words4 words) {
        float values[Lanes<T>];
        Unpack<T>(words, values);
#pragma unroll
        for (int i = 0; i < Lanes<T>; i++) values[i] = Capped(p, values[i]);
        StoreChunk((T*)p.values + row * p.stride, chunk, PackAll<T>(values));
      });
}

extern "C" __global__ void __launch_bounds__(256) soft_cap_any(const SoftCapParameters p) {
  for (int64 at = (int64)BlockX() * BlockSizeX() + ThreadX(); at < p.rows * p.columns; at += (int64)GridSizeX() * BlockSizeX()) {
    ELEMENT* value = (ELEMENT*)p.values + at / p.columns * p.stride + at % p.columns;
    *value = FromFloat<ELEMENT>(Capped(p, ToFloat(*value)));
  }
}
