// The instructions of compute capability 8.0 that decoding uses: asynchronous copies, matrix loads and products, exchanges in a warp.
#pragma once
#include "Common/elements.cuh"

/// Copies 16 bytes from global to shared memory, or writes 16 zero bytes without reading anything where `valid` is false.
/// What is read is a run of memory, which the second-level cache may fetch 128 bytes at a time.
DEVICE void CopyAsync16(uint32 shared, const void* global, bool valid) {
  const int32 bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared), "l"(global), "r"(bytes) : "memory");
}
DEVICE void CommitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> DEVICE void WaitForCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

/// base + a · b in one instruction: the compiler widens both factors first and multiplies 64 by 64 bits.
DEVICE const char* MultiplyWide(int32 a, int32 b, const char* base) {
  const char* result;
  asm("mad.wide.s32 %0, %1, %2, %3;" : "=l"(result) : "r"(a), "r"(b), "l"(base));
  return result;
}

/// Four 8 × 8 matrices of 16-bit values; lanes 8 i … 8 i + 7 give the addresses of the rows of matrix i.
DEVICE void LoadMatrices(uint32 (&r)[4], uint32 shared) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared) : "memory");
}
DEVICE void LoadMatricesTransposed(uint32 (&r)[4], uint32 shared) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared) : "memory");
}

/// c += a · b over 16 × 8 × 16. a: lane's rows lane / 4 and + 8; b: column lane / 4; c: rows lane / 4 and + 8, columns 2 (lane % 4) and + 1.
template <typename T> DEVICE void MultiplyAdd(float (&c)[4], const uint32 (&a)[4], uint32 b0, uint32 b1) {
  if constexpr (T::IsBFloat16)
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  else
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// The value of lane (lane xor mask). The whole warp must take part.
DEVICE float ShuffleXor(float x, int mask) {
  float result;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, -1;" : "=f"(result) : "f"(x), "r"(mask));
  return result;
}

/// Whether any lane of the warp says so.
DEVICE bool AnyInWarp(bool condition) {
  int32 result;
  asm volatile("{\n .reg .pred pGiven, pAny;\n setp.ne.b32 pGiven, %1, 0;\n vote.sync.any.pred pAny, pGiven, -1;\n selp.b32 %0, 1, 0, pAny;\n}"
               : "=r"(result) : "r"((int32)condition));
  return result != 0;
}

DEVICE float Exp2(float x) { float y; asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
DEVICE float Log2(float x) { float y; asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }
DEVICE float Reciprocal(float x) { float y; asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x)); return y; }

using Float2 = float __attribute__((ext_vector_type(2)));
using Float4 = float __attribute__((ext_vector_type(4)));
using UInt2 = uint32 __attribute__((ext_vector_type(2)));
using UInt4 = uint32 __attribute__((ext_vector_type(4)));
