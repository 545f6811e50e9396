// The words of CUDA C++ that the kernels use, declared here so that no CUDA toolkit is needed to compile them.
#pragma once

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#define DEVICE __device__ __attribute__((always_inline)) inline

using int8 = signed char;
using uint8 = unsigned char;
using int16 = short;
using uint16 = unsigned short;
using int32 = int;
using uint32 = unsigned int;
using int64 = long long;
using uint64 = unsigned long long;

DEVICE int ThreadX() { return __nvvm_read_ptx_sreg_tid_x(); }
DEVICE int BlockX() { return __nvvm_read_ptx_sreg_ctaid_x(); }
DEVICE int BlockY() { return __nvvm_read_ptx_sreg_ctaid_y(); }
DEVICE int BlockZ() { return __nvvm_read_ptx_sreg_ctaid_z(); }
DEVICE int BlockSizeX() { return __nvvm_read_ptx_sreg_ntid_x(); }
DEVICE int GridSizeX() { return __nvvm_read_ptx_sreg_nctaid_x(); }
DEVICE int GridSizeY() { return __nvvm_read_ptx_sreg_nctaid_y(); }
DEVICE void SyncThreads() { __syncthreads(); }

template <typename T> DEVICE constexpr T Min(T a, T b) { return a < b ? a : b; }
template <typename T> DEVICE constexpr T Max(T a, T b) { return a > b ? a : b; }
template <typename T> DEVICE constexpr T CeilDivide(T a, T b) { return (a + b - 1) / b; }

constexpr float Infinity = __builtin_huge_valf();
constexpr float Log2E = 1.4426950408889634f; // exp(x) = 2^(x · log2 e): the hardware has 2^x
constexpr float Ln2 = 0.6931471805599453f;

/// Shared-memory address of a pointer into shared memory, as instructions take it.
DEVICE uint32 SharedAddress(const void* pointer) {
  return (uint32)(uint64)(const __attribute__((address_space(3))) void*)pointer;
}
