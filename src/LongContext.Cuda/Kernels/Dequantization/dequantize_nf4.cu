// value = codebook[code] · magnitude of its block, one product in float32, rounded once to T: the bits of the host's reader.
//
// dequantize_nf4: columns are whole blocks of 64 and all is aligned. A thread makes UNROLL chunks of 16 bytes, a block's width apart: it
//   reads 4 bytes of codes (2 where T is float32) for each. The 16 values stand in shared memory, in 16 banks, so that any mixture of codes
//   is read without conflict. Grid: any number of blocks of 256, which walk the matrix.
// dequantize_nf4_any: any number of columns, a thread a byte of codes, that is one or two values.
// Called by DequantizationKernel.
#include "Dequantization/parameters.cuh"

constexpr int Unroll = 4;

DEVICE void LoadTables(const Nf4Parameters& p, float* codebook, float* table) {
  if (ThreadX() == 0) FillCodebook(codebook);
  if (p.groups)
    for (int i = ThreadX(); i < 256; i += BlockSizeX()) table[i] = p.table[i];
  SyncThreads();
}

/// Codes of one chunk, the first in the highest bits of the lowest byte.
template <typename T> DEVICE uint32 LoadCodes(const uint8* codes, int64 chunk) {
  if constexpr (IsHalf<T>)
    return ((const uint32*)codes)[chunk];
  else
    return ((const uint16*)codes)[chunk];
}

template <typename T> DEVICE void Dequantize(const Nf4Parameters& p, const float* codebook, const float* table) {
  const int64 chunks = p.rows * (p.columns / Lanes<T>);
  const int step = BlockSizeX();
  for (int64 first = (int64)BlockX() * step * Unroll + ThreadX(); first < chunks; first += (int64)GridSizeX() * step * Unroll) {
    uint32 codes[Unroll];
    float magnitudes[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int64 chunk = first + i * step;
      if (chunk < chunks) {
        codes[i] = LoadCodes<T>(p.codes, chunk);
        magnitudes[i] = MagnitudeOf(p, chunk / (Nf4Block / Lanes<T>), table);
      }
    }
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int64 chunk = first + i * step;
      if (chunk < chunks) {
        float values[Lanes<T>];
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) {
          const int shift = 8 * (j / 2) + (j % 2 == 0 ? 4 : 0);
          values[j] = MultiplyRounded(codebook[(codes[i] >> shift) & 15], magnitudes[i]);
        }
        StoreChunk(p.values, chunk, PackAll<T>(values));
      }
    }
  }
}

template <typename T> DEVICE void DequantizeAny(const Nf4Parameters& p, const float* codebook, const float* table) {
  const int bytes = CeilDivide(p.columns, 2), blocks = CeilDivide(p.columns, Nf4Block);
  T* values = (T*)p.values;
  for (int64 at = (int64)BlockX() * BlockSizeX() + ThreadX(); at < p.rows * bytes; at += (int64)GridSizeX() * BlockSizeX()) {
    const int64 row = at / bytes;
    const int column = 2 * (int)(at - row * bytes);
    const float magnitude = MagnitudeOf(p, row * blocks + column / Nf4Block, table);
    const int both = p.codes[at];
    T* pair = values + row * p.columns + column;
    pair[0] = FromFloat<T>(MultiplyRounded(codebook[both >> 4], magnitude));
    if (column + 1 < p.columns) pair[1] = FromFloat<T>(MultiplyRounded(codebook[both & 15], magnitude));
  }
}

extern "C" __global__ void __launch_bounds__(256) dequantize_nf4(const Nf4Parameters p) {
  __shared__ float codebook[16], table[256];
  LoadTables(p, codebook, table);
  Dequantize<ELEMENT>(p, codebook, table);
}

extern "C" __global__ void __launch_bounds__(256) dequantize_nf4_any(const Nf4Parameters p) {
  __shared__ float codebook[16], table[256];
  LoadTables(p, codebook, table);
  DequantizeAny<ELEMENT>(p, codebook, table);
}
