// The instructions that products of few rows are made of.
#pragma once
#include "Common/elements.cuh"
#include "Common/vector.cuh"

DEVICE int Lane() { return ThreadX() & 31; }
DEVICE int Warp() { return ThreadX() >> 5; }
DEVICE void SyncWarp() { __nvvm_bar_warp_sync(0xffffffffu); }

/// d[16, 8] += a[16, 16] · b[16, 8]; the lanes' shares as in Common/mma.cuh, and volatile for the same reason.
template <typename T> DEVICE void MultiplyAdd(float (&d)[4], uint32 a0, uint32 a1, uint32 a2, uint32 a3, uint32 b0, uint32 b1) {
  if constexpr (T::IsBFloat16)
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
  else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

/// 16 bytes from global to shared memory while the thread goes on; zeros, and nothing read, where `valid` is false. They pass the first-level
/// cache by, which keeps x.
DEVICE void CopyAsync16(uint32 shared, int offset, const void* global, bool valid) {
  const int32 bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global.L2::128B [%0+%1], [%2], 16, %3;" ::"r"(shared), "n"(offset), "l"(global), "r"(bytes) : "memory");
}
DEVICE void CommitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int Pending> DEVICE void WaitForCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory"); }

DEVICE Words4 LoadShared16(uint32 shared, int offset) {
  uint32 a, b, c, d;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4+%5];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(shared), "n"(offset) : "memory");
  return Words4{a, b, c, d};
}
/// `offset`: a constant, which the instruction takes.
DEVICE uint32 LoadShared4(uint32 shared, int offset) {
  uint32 value;
  asm volatile("ld.shared.u32 %0, [%1+%2];" : "=r"(value) : "r"(shared), "n"(offset) : "memory");
  return value;
}

/// Eight elements of x, which nobody writes meanwhile: kept in the first-level cache. NVIDIA's assembler may still move it.
DEVICE Words4 LoadInput(const void* address, int offset) {
  uint32 a, b, c, d;
  asm volatile("ld.global.nc.v4.u32 {%0, %1, %2, %3}, [%4+%5];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "l"((const GLOBAL void*)address), "n"(offset));
  return Words4{a, b, c, d};
}

template <uint32 Selector> DEVICE uint32 Permute(uint32 a, uint32 b) {
  uint32 result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "n"(Selector));
  return result;
}
DEVICE uint32 Permute(uint32 a, uint32 b, uint32 selector) {
  uint32 result;
  asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(selector));
  return result;
}
/// (a & mask) | other in one instruction.
DEVICE uint32 Merge(uint32 a, uint32 mask, uint32 other) {
  uint32 result;
  asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(result) : "r"(a), "r"(mask), "r"(other));
  return result;
}
/// a · b + c for pairs.
template <typename T> DEVICE uint32 MultiplyAddPairs(uint32 a, uint32 b, uint32 c) {
  uint32 result;
  if constexpr (T::IsBFloat16)
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  else
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(c));
  return result;
}
template <typename T> constexpr uint32 Ones = T::IsBFloat16 ? 0x3F803F80u : 0x3C003C00u;
