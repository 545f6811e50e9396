// value = code · factor of its row, one product in float32, rounded once to T: the bits of the host's operators.
//
// dequantize_int8: columns are whole, aligned chunks. A thread makes UNROLL chunks of 16 bytes, a block's width apart, and reads 8 bytes of
//   codes for each (4 where T is float32). Grid: any number of blocks of 256, which walk stretches of rows.
// dequantize_int8_any: any number of columns, a thread a value.
// Called by DequantizationKernel.
#include "Dequantization/parameters.cuh"

constexpr int Unroll = 4;

/// Four codes of a word as float32.
DEVICE void Widen(uint32 word, float* values) {
  values[0] = (float)(int8)word;
  values[1] = (float)(int8)(word >> 8);
  values[2] = (float)(int8)(word >> 16);
  values[3] = (float)((int32)word >> 24);
}

template <typename T> DEVICE void Dequantize(const EightBitParameters& p) {
  const int chunks = p.columns / Lanes<T>, step = BlockSizeX(), stretches = CeilDivide(chunks, step * Unroll);
  for (int64 stretch = BlockX(); stretch < p.rows * stretches; stretch += GridSizeX()) {
    const int64 row = stretch / stretches;
    const int first = (int)(stretch - row * stretches) * step * Unroll + ThreadX();
    const int8* codes = p.codes + row * p.columns;
    T* values = (T*)p.values + row * p.columns;
    Words2 words[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int chunk = first + i * step;
      if (chunk < chunks) {
        if constexpr (IsHalf<T>)
          words[i] = ((const Words2*)codes)[chunk];
        else
          words[i] = Words2{((const uint32*)codes)[chunk], 0};
      }
    }
    const float factor = p.factors[row];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int chunk = first + i * step;
      if (chunk < chunks) {
        float made[8];
        Widen(words[i][0], made);
        Widen(words[i][1], made + 4);
        float result[Lanes<T>];
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) result[j] = MultiplyRounded(made[j], factor);
        StoreChunk(values, chunk, PackAll<T>(result));
      }
    }
  }
}

extern "C" __global__ void __launch_bounds__(256) dequantize_int8(const EightBitParameters p) { Dequantize<ELEMENT>(p); }

extern "C" __global__ void __launch_bounds__(256) dequantize_int8_any(const EightBitParameters p) {
  for (int64 at = (int64)BlockX() * BlockSizeX() + ThreadX(); at < p.rows * p.columns; at += (int64)GridSizeX() * BlockSizeX())
    ((ELEMENT*)p.values)[at] = FromFloat<ELEMENT>(MultiplyRounded((float)p.codes[at], p.factors[at / p.columns]));
}
