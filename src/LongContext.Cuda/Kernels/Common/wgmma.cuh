// Matrix products by a warpgroup (128 threads): D[64, N] (+)= A[64, 16] · B[16, N], 16-bit floating point in, float32 accumulated.
//
// D: thread t of the warpgroup (warp w = t / 32, g = t % 32 / 4, c = t % 4) holds d[4j + 2r + i] = D[16w + g + 8r, 8j + 2c + i].
// A in registers, of the same shape: a[r + 2h] holds A[16w + g + 8r, 8h + 2c + {0, 1}], so that a product's D, packed, is another one's A.
// A and B in shared memory are told by descriptors; tiles lie there as the TMA writes them: chunks of `Bytes` (128, 64 or 32) bytes
// a row, rows one after the other, 16-byte pieces of a row exchanged (see SwizzledOffset).
//
// The products run by themselves: from the first one to WgmmaWait nobody may touch their registers. Hold() tells the compiler where a value
// was final and from where it may be read; it costs nothing.
#pragma once
#include "Common/elements.cuh"
#include "Common/hopper.cuh"

/// All registers are written that the coming products read or add to. It stands before every batch of products, not only where registers were
/// touched: where a wait lies between two batches, ptxas puts in one of its own, and the products then run one after the other.
DEVICE void WgmmaFence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
/// The products issued since the last call are one group.
DEVICE void WgmmaCommit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
/// Waits until at most `Pending` groups are unfinished.
template <int Pending> DEVICE void WgmmaWait() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Pending) : "memory"); }

/// Pins values between the volatile statements before and after: neither their making nor their use moves over it.
template <int Count> DEVICE void Hold(float (&values)[Count]) {
#pragma unroll
  for (int i = 0; i < Count; i++) asm volatile("" : "+f"(values[i])::"memory");
}
template <int Count> DEVICE void Hold(uint32 (&values)[Count]) {
#pragma unroll
  for (int i = 0; i < Count; i++) asm volatile("" : "+r"(values[i])::"memory");
}

/// Two of them.
template <int Count> DEVICE void Hold(uint32 (&values)[Count], int first) {
  asm volatile("" : "+r"(values[first]), "+r"(values[first + 1])::"memory");
}

// --- Tiles in shared memory ---

/// Byte offset of byte `byte` of row `row` in a chunk whose rows have `Bytes` bytes and whose address is a multiple of 1,024:
/// address bits 4 … are XORed with bits 7 … (3 bits of them for 128 bytes, 2 for 64, 1 for 32).
template <int Bytes> DEVICE constexpr uint32 SwizzledOffset(uint32 row, uint32 byte) {
  uint32 offset = row * Bytes + byte;
  return offset ^ ((offset >> 7 & (Bytes / 16 - 1)) << 4);
}

/// An operand in shared memory, from whose start descriptors are made (PTX ISA, "Matrix descriptor"): address, leading and stride offsets in
/// units of 16 bytes from bits 0, 16 and 32 on; the swizzle in bits 62 and 63. The upper half is known when compiling.
template <int Bytes> struct Operand {
  static_assert(Bytes == 128 || Bytes == 64 || Bytes == 32);
  static constexpr uint32 Swizzle = Bytes == 128 ? 1 : Bytes == 64 ? 2 : 3, High = 8 * Bytes >> 4 | Swizzle << 30;
  uint32 low;

  /// Rows (of A: m; of B: n) are the tile's rows, k runs along them. Groups of 8 rows lie one after the other.
  static DEVICE Operand Along(uint32 address) { return {(address & 0x3FFFF) >> 4 | 1 << 16}; }
  /// k are the tile's rows, m or n run along them ("MN-major", transposed). `chunk`: bytes from a chunk of columns to the next.
  static DEVICE Operand Across(uint32 address, uint32 chunk) { return {(address & 0x3FFFF) >> 4 | chunk >> 4 << 16}; }

  DEVICE uint64 At(uint32 bytes) const { return (uint64)High << 32 | (low + (bytes >> 4)); }
};

// --- The instructions ---

template <int N> struct Wgmma;

#define LC_TEXT_32 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15" \
  ", %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31"
#define LC_TEXT_40 LC_TEXT_32 ", %32, %33, %34, %35, %36, %37, %38, %39"
#define LC_TEXT_48 LC_TEXT_40 ", %40, %41, %42, %43, %44, %45, %46, %47"
#define LC_TEXT_64 LC_TEXT_48 ", %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define LC_TEXT_128 \
  LC_TEXT_64 \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79" \
  ", %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95" \
  ", %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111" \
  ", %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127"

#define LC_ACC_8(i) \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])
#define LC_ACC_32 LC_ACC_8(0), LC_ACC_8(8), LC_ACC_8(16), LC_ACC_8(24)
#define LC_ACC_40 LC_ACC_32, LC_ACC_8(32)
#define LC_ACC_48 LC_ACC_40, LC_ACC_8(40)
#define LC_ACC_64 LC_ACC_48, LC_ACC_8(48), LC_ACC_8(56)
#define LC_ACC_128 LC_ACC_64, LC_ACC_8(64), LC_ACC_8(72), LC_ACC_8(80), LC_ACC_8(88), LC_ACC_8(96), LC_ACC_8(104), LC_ACC_8(112), LC_ACC_8(120)

#define LC_OUT_8(i) \
  "=f"(d[i]), "=f"(d[i + 1]), "=f"(d[i + 2]), "=f"(d[i + 3]), "=f"(d[i + 4]), "=f"(d[i + 5]), "=f"(d[i + 6]), "=f"(d[i + 7])
#define LC_OUT_32 LC_OUT_8(0), LC_OUT_8(8), LC_OUT_8(16), LC_OUT_8(24)
#define LC_OUT_40 LC_OUT_32, LC_OUT_8(32)
#define LC_OUT_48 LC_OUT_40, LC_OUT_8(40)
#define LC_OUT_64 LC_OUT_48, LC_OUT_8(48), LC_OUT_8(56)
#define LC_OUT_128 LC_OUT_64, LC_OUT_8(64), LC_OUT_8(72), LC_OUT_8(80), LC_OUT_8(88), LC_OUT_8(96), LC_OUT_8(104), LC_OUT_8(112), LC_OUT_8(120)

// o0 … o6: the operands behind the accumulators, by number.
#define LC_SHARED(N, REGISTERS, DIRECTION, TYPE, o0, o1, o2, o3, o4) \
  asm volatile("{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %" #o2 ", 0;\n\t" \
               "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32." TYPE "." TYPE " {" LC_TEXT_##REGISTERS "}, %" #o0 ", %" #o1                    \
               ", p, 1, 1, %" #o3 ", %" #o4 ";\n\t}" \
               : LC_##DIRECTION##_##REGISTERS \
               : "l"(a), "l"(b), "r"(add), "n"(AAcross), "n"(BAcross) \
               : "memory")
#define LC_REGISTER(N, REGISTERS, TYPE, o0, o1, o2, o3, o4, o5, o6) \
  asm volatile("{\n\t.reg .pred p;\n\tsetp.ne.b32 p, %" #o5 ", 0;\n\t" \
               "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32." TYPE "." TYPE " {" LC_TEXT_##REGISTERS "}, {%" #o0 ", %" #o1 ", %" #o2         \
               ", %" #o3 "}, %" #o4 ", p, 1, 1, %" #o6 ";\n\t}" \
               : LC_ACC_##REGISTERS \
               : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "l"(b), "r"(add), "n"(BAcross) \
               : "memory")

// Shared: A and B by descriptors; Register: A in registers. AAcross, BAcross: 1 for Across, 0 for Along.
// Add false: D = A · B, and what was in D's registers is no input, so that they are free until then; otherwise D += A · B.
#define LC_WGMMA(N, REGISTERS, o0, o1, o2, o3, o4, o5, o6) \
  template <> struct Wgmma<N> { \
    template <typename T, int AAcross, int BAcross, bool Add> static DEVICE void Shared(float (&d)[REGISTERS], uint64 a, uint64 b) { \
      constexpr int add = Add; \
      if constexpr (T::IsBFloat16 && Add) \
        LC_SHARED(N, REGISTERS, ACC, "bf16", o0, o1, o2, o3, o4); \
      else if constexpr (T::IsBFloat16) \
        LC_SHARED(N, REGISTERS, OUT, "bf16", o0, o1, o2, o3, o4); \
      else if constexpr (Add) \
        LC_SHARED(N, REGISTERS, ACC, "f16", o0, o1, o2, o3, o4); \
      else \
        LC_SHARED(N, REGISTERS, OUT, "f16", o0, o1, o2, o3, o4); \
    } \
    template <typename T, int BAcross> \
    static DEVICE void Register(float (&d)[REGISTERS], uint32 a0, uint32 a1, uint32 a2, uint32 a3, uint64 b) { \
      constexpr int add = 1; \
      if constexpr (T::IsBFloat16) \
        LC_REGISTER(N, REGISTERS, "bf16", o0, o1, o2, o3, o4, o5, o6); \
      else \
        LC_REGISTER(N, REGISTERS, "f16", o0, o1, o2, o3, o4, o5, o6); \
    } \
  };

LC_WGMMA(64, 32, 32, 33, 34, 35, 36, 37, 38)
LC_WGMMA(80, 40, 40, 41, 42, 43, 44, 45, 46)
LC_WGMMA(96, 48, 48, 49, 50, 51, 52, 53, 54)
LC_WGMMA(128, 64, 64, 65, 66, 67, 68, 69, 70)
LC_WGMMA(256, 128, 128, 129, 130, 131, 132, 133, 134)
