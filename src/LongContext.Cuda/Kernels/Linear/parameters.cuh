// What the kernels of products of few rows are given. Mirrored, field by field, by LinearMatrix.cs and LinearParameters.cs.
//
// y[t, o] = Σi x[t, i] · w[o, i] for a few rows t and one to three matrices over the same inputs. Outputs are taken by tiles of 16 that never
// belong to two matrices; of a gated unit a tile has 8 outputs of the gate and the same 8 of up. The inputs are taken by steps, in which each of
// a tile's rows has 64 bytes of codes, and the steps are cut into `parts` (a power of two) that are summed apart and joined by a binary tree: the bits of
// a result depend on the shape alone, not on the number of rows or on how parts are dealt out to warps and blocks.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

struct LinearMatrix {
  const void* codes;     // [outputs, inputs] weights or codes; [outputs, ⌈inputs / 2⌉] bytes of four-bit ones
  const void* scales;    // float32 [outputs], or [outputs, groups of a row]; NF4 with `groups`: a byte each
  const uint8* zeros;    // int4: [outputs, groups of a row]; null: 8 each
  const float* groups;   // NF4: magnitudes of groups of 256 blocks' magnitudes; null where those are float32
  const float* table;    // NF4: [256] values of magnitudes' codes
  const void* bias;      // [outputs]; null for none
  void* y;               // [rows, outputs]
  int64 yStride;
  int32 outputs;
  int32 firstTile;       // the greatest number where there is no matrix
  float mean;            // NF4: added to magnitudes from codes
  int32 reserved;
};

struct LinearParameters {
  const void* x;         // [rows, inputs]
  const void* residual;  // [rows, outputs of the first matrix]; null for none
  float* partials;       // [splits, rows, tiles · 16] where there are several splits, null else
  int64 xStride, residualStride;
  LinearMatrix first, second, third;
  int32 rows, inputs, tiles;
  int32 stepsOfPart;
  int32 warpPartsShift;  // log2 of the parts that a block's warps share a tile's inputs in
  int32 splits;          // blocks that share a tile's inputs: parts = splits · 2^warpPartsShift
  int32 groups;          // scales of a row
  uint32 groupFactor;    // (column · groupFactor) / 2^32 is a column's group
  int32 groupSize;
  int32 activation;      // of a gated unit: 0 SiLU, 1 GELU, 2 GELU by tanh, 3 ReLU; −1: none
  int32 floatOutput;     // whether y is float32
  float scale, cap, scaleOverCap; // y = cap · tanh(scaleOverCap · y), or scale · y where cap is 0
};

constexpr int PlainWeights = 0, Int8Weights = 1, Float8Weights = 2, Int4Weights = 3, Nf4Weights = 4;
constexpr int Nf4Block = 64, Nf4Group = 256;

/// Among values: a choice among structs or among their fields would be one of addresses, in a copy of all parameters in local memory.
template <typename T> DEVICE T OneOf(bool last, bool later, T third, T second, T first) { return last ? third : later ? second : first; }

/// The matrix of a tile.
DEVICE LinearMatrix MatrixOf(const LinearParameters& p, int tile) {
  const bool later = p.activation < 0 && tile >= p.second.firstTile, last = p.activation < 0 && tile >= p.third.firstTile;
  LinearMatrix m;
#define CHOOSE(FIELD) m.FIELD = OneOf(last, later, p.third.FIELD, p.second.FIELD, p.first.FIELD)
  CHOOSE(codes);
  CHOOSE(scales);
  CHOOSE(zeros);
  CHOOSE(groups);
  CHOOSE(table);
  CHOOSE(bias);
  CHOOSE(y);
  CHOOSE(yStride);
  CHOOSE(outputs);
  CHOOSE(firstTile);
  CHOOSE(mean);
#undef CHOOSE
  return m;
}

/// The second matrix in gated units, else that of the tile.
DEVICE LinearMatrix LowerMatrixOf(const LinearParameters& p, int tile) {
  const bool last = p.activation < 0 && tile >= p.third.firstTile, later = p.activation >= 0 || tile >= p.second.firstTile;
  LinearMatrix m;
#define CHOOSE(FIELD) m.FIELD = OneOf(last, later, p.third.FIELD, p.second.FIELD, p.first.FIELD)
  CHOOSE(codes);
  CHOOSE(scales);
  CHOOSE(zeros);
  CHOOSE(groups);
  CHOOSE(table);
  CHOOSE(bias);
  CHOOSE(outputs);
  CHOOSE(mean);
#undef CHOOSE
  return m;
}

/// The magnitude of an NF4 block, counted through the matrix, with the bits of the host's.
DEVICE float MagnitudeOf(const LinearMatrix& m, uint32 block) {
  if (!m.groups) return ((const float*)m.scales)[block];
  return AddRounded(MultiplyRounded(m.table[((const uint8*)m.scales)[block]], m.groups[block / Nf4Group]), m.mean);
}
