// The warp's matrix product of compute capability 8.0 and the ways of bringing its operands along.
//
// d[16, 8] += a[16, 16] · b[16, 8] by one warp. With g = lane / 4 and t = lane % 4 a lane holds
//   d: rows g and g + 8 (registers 0, 1 and 2, 3), columns 2t, 2t + 1
//   a: rows g, g + 8, g, g + 8; columns 2t, 2t + 1 (registers 0, 1) and 2t + 8, 2t + 9 (registers 2, 3)
//   b: rows 2t, 2t + 1 (register 0) and 2t + 8, 2t + 9 (register 1), column g
// so two neighbouring d, rounded to 16 bits, are an a: products follow each other without leaving the registers.
#pragma once
#include "Common/elements.cuh"

DEVICE int Lane() { return ThreadX() & 31; }
DEVICE int Warp() { return ThreadX() >> 5; }

/// The order of products is kept as it is written: the compiler would else gather loads before them and run out of registers.
template <typename T> DEVICE void MultiplyAdd(float (&d)[4], const uint32 (&a)[4], uint32 b0, uint32 b1) {
  if constexpr (T::IsBFloat16)
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  else
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// An address in shared memory as a register and a constant, as instructions take it. A sum of both would be a register of its own for every
/// place, which the compiler computes before a loop and keeps.
struct SharedPlace {
  uint32 base;
  int offset; // a constant where the code is unrolled

  DEVICE SharedPlace operator+(int bytes) const { return {base, offset + bytes}; }
};

/// Four 8 × 8 matrices of 16-bit elements: lane 8i + r gives the address of row r of matrix i.
DEVICE void LoadMatrices(uint32 (&r)[4], SharedPlace place) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(place.base), "i"(place.offset) : "memory");
}

/// The same, each matrix transposed on the way.
DEVICE void LoadMatricesTransposed(uint32 (&r)[4], SharedPlace place) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(place.base), "i"(place.offset) : "memory");
}

/// 16 bytes from global to shared memory while the thread goes on; zeros, and nothing read, where `valid` is false.
DEVICE void CopyAsync16(SharedPlace place, const void* global, bool valid) {
  int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0+%1], [%2], 16, %3;" : : "r"(place.base), "i"(place.offset), "l"(global), "r"(bytes) : "memory");
}

/// As above, 4 bytes.
DEVICE void CopyAsync4(uint32 shared, const void* global, bool valid) {
  int bytes = valid ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" : : "r"(shared), "l"(global), "r"(bytes) : "memory");
}

DEVICE void CommitCopies() { asm volatile("cp.async.commit_group;" : : : "memory"); }
/// Until all but the thread's `Pending` youngest groups of copies are there.
template <int Pending> DEVICE void WaitCopies() { asm volatile("cp.async.wait_group %0;" : : "n"(Pending) : "memory"); }

DEVICE void StoreShared32(SharedPlace place, uint32 value) {
  asm volatile("st.shared.b32 [%0+%1], %2;" : : "r"(place.base), "i"(place.offset), "r"(value) : "memory");
}
DEVICE void LoadShared128(uint32 (&r)[4], SharedPlace place) {
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4+%5];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(place.base), "i"(place.offset) : "memory");
}
DEVICE void LoadSharedPair(float (&r)[2], SharedPlace place) {
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2+%3];" : "=f"(r[0]), "=f"(r[1]) : "r"(place.base), "i"(place.offset) : "memory");
}
DEVICE void StoreGlobal128(void* address, const uint32 (&r)[4]) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" : : "l"(address), "r"(r[0]), "r"(r[1]), "r"(r[2]), "r"(r[3]) : "memory");
}
/// Adds in memory, `offset` constant bytes from an address, without an answer. The order of additions is nobody's.
DEVICE void AddGlobal(float* address, int offset, float value) {
  asm volatile("red.global.add.f32 [%0+%1], %2;" : : "l"(address), "i"(offset), "f"(value) : "memory");
}

/// The same value, of which the compiler knows nothing: what is computed from it is computed where it stands, not kept in registers from
/// before the loop.
template <typename T> DEVICE T Opaque(T value) {
  static_assert(sizeof(T) == 4);
  uint32 bits = __builtin_bit_cast(uint32, value);
  asm volatile("" : "+r"(bits));
  value = __builtin_bit_cast(T, bits);
  return value;
}

DEVICE void SyncWarp() { __nvvm_bar_warp_sync(0xffffffffu); }
DEVICE float ShuffleXor(float value, int mask) { return __nvvm_shfl_sync_bfly_f32(0xffffffffu, value, mask, 31); }

/// 2^x, 2^−∞ = 0.
DEVICE float Exp2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Log2(float x) {
  float result;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
DEVICE float Reciprocal(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

/// A tile of rows of `Columns` 16-bit elements in shared memory. Its 16-byte chunks are shuffled within a row (chunk c of row r lies at
/// c ^ x(r)) so that eight rows of the same chunk, which is what ldmatrix reads at a time, lie in different banks: where a row is an odd
/// multiple of 32, 64 or 128 bytes, eight neighbouring rows already fall on 4, 2 or 1 places of a chunk's width times 2, 4 or 8.
template <int Columns> struct SharedRows {
  static constexpr int Chunks = Columns / 8;
  static constexpr int RowBytes = Columns * 2;
  static constexpr int Mask = Chunks % 8 == 0 ? 7 : Chunks % 4 == 0 ? 3 : 1;
  static constexpr int Shift = Mask == 7 ? 0 : Mask == 3 ? 1 : 2;
  static_assert(Columns % 16 == 0);

  DEVICE static constexpr int Shuffle(int row) { return (row >> Shift) & Mask; }
  DEVICE static uint32 Offset(int row, int chunk) { return row * RowBytes + ((chunk ^ Shuffle(row)) << 4); }

  /// From the address of a chunk to the one constant `rows` and `chunks` further, where both have none of the bits of the first's row and
  /// chunk, but for bits that do not shuffle (a tile starts at a multiple of 128 bytes): an exclusive or, of which there are few, and a
  /// constant.
  DEVICE static SharedPlace Step(uint32 address, int rows, int chunks) {
    return {address ^ (uint32)((Shuffle(rows) ^ (chunks & Mask)) << 4), ((chunks & ~Mask) << 4) + rows * RowBytes};
  }

  /// A lane's place for ldmatrix where the tile's rows are the rows of a, or, transposed, those of two neighbouring b.
  DEVICE static uint32 RowPlace(int lane, int chunk = 0) { return Offset(lane & 15, (lane >> 4) + chunk); }
  /// … where the tile's rows are the columns of two neighbouring b, or, transposed, those of a.
  DEVICE static uint32 ColumnPlace(int lane, int chunk = 0) { return Offset((lane & 7) + ((lane >> 4) << 3), ((lane >> 3) & 1) + chunk); }
};
