// What the dequantisation kernels are given. Mirrored, field by field, by Nf4Parameters.cs and EightBitParameters.cs.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

/// NF4 as Models/Quantization has it: blocks of 64 within a row (a row's last may be shorter), two codes a byte, the first in the high half.
struct Nf4Parameters {
  const uint8* codes;       // [rows, ⌈columns / 2⌉]
  const void* magnitudes;   // of the blocks of whole matrix, row by row: float32, or codes in 8 bits where groups is not null
  const float* groups;      // magnitudes of groups of 256 blocks' magnitudes; null for none
  const float* table;       // [256] values of the 8-bit codes; null where groups is
  void* values;             // [rows, columns]
  int64 firstBlock;         // the first row's first block in `magnitudes`
  int64 rows;
  int32 columns;
  float mean;               // added to magnitudes from 8 bits
};

struct EightBitParameters {
  const int8* codes;        // [rows, columns]
  const float* factors;     // [rows]
  void* values;             // [rows, columns]
  int64 rows;
  int32 columns;
  int32 reserved;
};

constexpr int Nf4Block = 64;
constexpr int Nf4Group = 256;

/// A block's magnitude, with the bits of the host's: product and sum are rounded apart.
DEVICE float MagnitudeOf(const Nf4Parameters& p, int64 block, const float* table) {
  const int64 at = p.firstBlock + block;
  if (!p.groups) return ((const float*)p.magnitudes)[at];
  return AddRounded(MultiplyRounded(table[((const uint8*)p.magnitudes)[at]], p.groups[at / Nf4Group]), p.mean);
}

/// The values of 4-bit NormalFloat (Dettmers et al. 2023, arXiv:2305.14314, appendix E), by one thread into shared memory.
DEVICE void FillCodebook(float* codebook) {
  codebook[0] = -1.0f;
  codebook[1] = -0.6961928009986877f;
  codebook[2] = -0.5250730514526367f;
  codebook[3] = -0.39491748809814453f;
  codebook[4] = -0.28444138169288635f;
  codebook[5] = -0.18477343022823334f;
  codebook[6] = -0.09105003625154495f;
  codebook[7] = 0.0f;
  codebook[8] = 0.07958029955625534f;
  codebook[9] = 0.16093020141124725f;
  codebook[10] = 0.24611230194568634f;
  codebook[11] = 0.33791524171829224f;
  codebook[12] = 0.44070982933044434f;
  codebook[13] = 0.5626170039176941f;
  codebook[14] = 0.7229568362236023f;
  codebook[15] = 1.0f;
}
