// Dequantisation as plainly as can be: a second oracle, and slow. A thread a value; the tables of magnitudes are read where they stand.
// Grid: ⌈rows · columns / 64⌉ blocks of 64. Called by DequantizationKernel where it is to be Plain.
#include "Dequantization/parameters.cuh"

extern "C" __global__ void dequantize_nf4_reference(const Nf4Parameters p) {
  __shared__ float codebook[16];
  if (ThreadX() == 0) FillCodebook(codebook);
  SyncThreads();
  const int64 at = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (at >= p.rows * p.columns) return;
  const int64 row = at / p.columns, column = at % p.columns;
  const int both = p.codes[row * CeilDivide(p.columns, 2) + column / 2], code = column % 2 == 0 ? both >> 4 : both & 15;
  const float magnitude = MagnitudeOf(p, row * CeilDivide(p.columns, Nf4Block) + column / Nf4Block, p.table);
  ((ELEMENT*)p.values)[at] = FromFloat<ELEMENT>(MultiplyRounded(codebook[code], magnitude));
}

extern "C" __global__ void dequantize_int8_reference(const EightBitParameters p) {
  const int64 at = (int64)BlockX() * BlockSizeX() + ThreadX();
  if (at >= p.rows * p.columns) return;
  ((ELEMENT*)p.values)[at] = FromFloat<ELEMENT>(MultiplyRounded((float)p.codes[at], p.factors[at / p.columns]));
}
