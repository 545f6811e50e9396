// What the kernels over rows are given. Mirrored, field by field, by GatherParameters.cs and SoftCapParameters.cs.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

struct GatherParameters {
  const int32* indices; // [rows]; what the table does not have becomes zeros
  const void* table;    // [tableRows, columns]
  void* result;         // [rows, columns]
  int64 tableStride, resultStride;
  int64 rows;
  int32 columns, tableRows;
  float scale;          // a value of the type
  int32 reserved;
};

struct SoftCapParameters {
  void* values; // [rows, columns]
  int64 stride;
  int64 rows;
  int32 columns;
  float scale, cap, scaleOverCap; // cap · tanh(scaleOverCap · value), or scale · value where cap is 0
};

DEVICE float Capped(const SoftCapParameters& p, float value) { return p.cap > 0 ? p.cap * Tanh(value * p.scaleOverCap) : value * p.scale; }
