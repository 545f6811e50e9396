// Gated units: forward  p = f(a)·b  of gate a and up b; backward, from ∂p:  ∂a = ∂p·b·f′(a),  ∂b = ∂p·f(a). In float32, rounded once.
//
// gated_unit_{forward,backward}_{silu,gelu,gelu_tanh,relu}: columns are whole, aligned chunks of 16 bytes; a thread has UNROLL chunks of a
//   row, a block's width apart, all loads before any store. Grid: ⌈chunks / (256 · UNROLL)⌉ · rows blocks of 256, walked where there are more.
// …_any: any columns and alignment, a thread an element. Grid: ⌈columns / 256⌉ · rows.
// Each element is read and written by one thread: gradients may lie where gate and up do. Called by GatedUnitKernel.
#include "GatedUnits/activations.cuh"
#include "GatedUnits/parameters.cuh"

constexpr int Unroll = 2;

#define INLINE __attribute__((always_inline)) // a call would put what it captures into local memory

/// Calls work(row, first chunk) for each of the block's stretches of rows.
template <typename Work> DEVICE void ForStretches(const GatedUnitParameters& p, int units, int width, Work work) {
  const uint32 stretches = CeilDivide((uint32)units, (uint32)width);
  for (int64 stretch = BlockX(); stretch < (int64)stretches * p.rows; stretch += GridSizeX()) {
    const int64 row = stretch / stretches;
    work(row, (int)(stretch - row * stretches) * width + ThreadX());
  }
}

template <typename T, typename F> DEVICE void Forward(const GatedUnitParameters& p) {
  const int chunks = p.columns / Lanes<T>, step = BlockSizeX();
  ForStretches(p, chunks, step * Unroll, [&](int64 row, int first) INLINE {
    const T *gate = (const T*)p.gate + row * p.gateStride, *up = (const T*)p.up + row * p.upStride;
    T* product = (T*)p.product + row * p.productStride;
    Words4 a[Unroll], b[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      a[i] = first + i * step < chunks ? LoadChunk(gate, first + i * step) : Zeros();
      b[i] = first + i * step < chunks ? LoadChunk(up, first + i * step) : Zeros();
    }
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      if (first + i * step < chunks) {
        float x[Lanes<T>], y[Lanes<T>];
        Unpack<T>(a[i], x);
        Unpack<T>(b[i], y);
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) x[j] = F::Value(x[j]) * y[j];
        StoreChunk(product, first + i * step, PackAll<T>(x));
      }
    }
  });
}

template <typename T, typename F> DEVICE void Backward(const GatedUnitParameters& p) {
  const int chunks = p.columns / Lanes<T>, step = BlockSizeX();
  ForStretches(p, chunks, step * Unroll, [&](int64 row, int first) INLINE {
    const T *gate = (const T*)p.gate + row * p.gateStride, *up = (const T*)p.up + row * p.upStride;
    const T* gradient = (const T*)p.gradient + row * p.gradientStride;
    T *gateGradient = (T*)p.gateGradient + row * p.gateGradientStride, *upGradient = (T*)p.upGradient + row * p.upGradientStride;
    Words4 a[Unroll], b[Unroll], g[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      a[i] = first + i * step < chunks ? LoadChunk(gate, first + i * step) : Zeros();
      b[i] = first + i * step < chunks ? LoadChunk(up, first + i * step) : Zeros();
      g[i] = first + i * step < chunks ? LoadChunk(gradient, first + i * step) : Zeros();
    }
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      if (first + i * step < chunks) {
        float x[Lanes<T>], y[Lanes<T>], d[Lanes<T>];
        Unpack<T>(a[i], x);
        Unpack<T>(b[i], y);
        Unpack<T>(g[i], d);
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) {
          const ValueAndSlope f = F::Both(x[j]);
          x[j] = d[j] * y[j] * f.slope;
          y[j] = d[j] * f.value;
        }
        StoreChunk(gateGradient, first + i * step, PackAll<T>(x));
        StoreChunk(upGradient, first + i * step, PackAll<T>(y));
      }
    }
  });
}

template <typename T, typename F> DEVICE void ForwardAny(const GatedUnitParameters& p) {
  ForStretches(p, p.columns, BlockSizeX(), [&](int64 row, int i) INLINE {
    if (i >= p.columns) return;
    const float a = ToFloat(((const T*)p.gate)[row * p.gateStride + i]), b = ToFloat(((const T*)p.up)[row * p.upStride + i]);
    ((T*)p.product)[row * p.productStride + i] = FromFloat<T>(F::Value(a) * b);
  });
}

template <typename T, typename F> DEVICE void BackwardAny(const GatedUnitParameters& p) {
  ForStretches(p, p.columns, BlockSizeX(), [&](int64 row, int i) INLINE {
    if (i >= p.columns) return;
    const float a = ToFloat(((const T*)p.gate)[row * p.gateStride + i]), b = ToFloat(((const T*)p.up)[row * p.upStride + i]);
    const float d = ToFloat(((const T*)p.gradient)[row * p.gradientStride + i]);
    const ValueAndSlope f = F::Both(a);
    ((T*)p.gateGradient)[row * p.gateGradientStride + i] = FromFloat<T>(d * b * f.slope);
    ((T*)p.upGradient)[row * p.upGradientStride + i] = FromFloat<T>(d * f.value);
  });
}

#define ENTRIES(NAME, F)                                                                                                                   \
  extern "C" __global__ void __launch_bounds__(256) gated_unit_forward_##NAME(const GatedUnitParameters p) { Forward<ELEMENT, F>(p); }      \
  extern "C" __global__ void __launch_bounds__(256) gated_unit_backward_##NAME(const GatedUnitParameters p) { Backward<ELEMENT, F>(p); }    \
  extern "C" __global__ void __launch_bounds__(256) gated_unit_forward_##NAME##_any(const GatedUnitParameters p) { ForwardAny<ELEMENT, F>(p); } \
  extern "C" __global__ void __launch_bounds__(256) gated_unit_backward_##NAME##_any(const GatedUnitParameters p) { BackwardAny<ELEMENT, F>(p); }

ENTRIES(silu, Silu)
ENTRIES(gelu, Gelu)
ENTRIES(gelu_tanh, GeluTanh)
ENTRIES(relu, Relu)
