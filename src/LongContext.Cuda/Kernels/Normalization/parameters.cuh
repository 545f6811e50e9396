// What the kernels of RMS norms are given. Mirrored, field by field, by RmsNormParameters.cs and its neighbours.
//
// A tensor of rows [rows, columns] may be a slice: row i of it begins at (i / inner) · stride + (i % inner) · columns elements, so that
// [tokens, heads, size] within a wider projection is rows of `size` with `inner` = heads.
#pragma once
#include "Common/vector.cuh"

struct RmsNormParameters {
  const void* x;
  const void* residual; // added to x before the norm; null for none
  const void* weight;   // [columns]
  void* sum;            // x + residual, rounded; may be x or residual
  void* y;              // may be x, or residual
  int64 xStride, residualStride, sumStride, yStride;
  int32 rows, inner, columns;
  int32 team;           // threads of a row: a power of two up to 32, or the block's
  float epsilon, weightOffset;
  int32 weightInFloat32; // whether half types are multiplied by the weight before they are rounded, not after
  int32 reserved;
};

struct RmsNormBackwardParameters {
  const void* x;        // the norm's input (x + residual, where there was one)
  const void* weight;
  const void* gradient; // of y
  const void* added;    // a gradient that the input has from elsewhere; null for none
  void* result;         // gradient of the input; may be x, gradient or added
  float* partial;       // [blocks, columns] sums for the weight's gradient; null where it does not train
  int64 xStride, gradientStride, addedStride, resultStride;
  int32 rows, inner, columns;
  int32 team;
  float epsilon, weightOffset;
};

struct RmsNormWeightParameters {
  const float* partial; // [count, columns]
  void* gradient;       // [columns] in the weight's type
  int32 count, columns;
  int32 accumulate;     // whether the gradient is added to
  int32 reserved;
};

/// First element of a row.
DEVICE int64 RowStart(int row, int inner, int64 stride, int columns) {
  if (inner == 1) return row * stride;
  const uint32 outer = (uint32)row / (uint32)inner;
  return outer * stride + (int64)(row - outer * inner) * columns;
}
