// What the kernels of gated units are given. Mirrored, field by field, by GatedUnitParameters.cs.
//
// Each tensor is [rows, columns] with rows `…Stride` elements apart: gate and up may be two tensors or the halves of one.
#pragma once
#include "Common/vector.cuh"

struct GatedUnitParameters {
  const void* gate;
  const void* up;
  void* product;        // forward: the result
  const void* gradient; // backward: of the product
  void* gateGradient;   // may be gate, or the gradient
  void* upGradient;     // may be up
  int64 gateStride, upStride, productStride, gradientStride, gateGradientStride, upGradientStride;
  int64 rows;
  int32 columns;
  int32 reserved;
};
