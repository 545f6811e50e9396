// Accesses of 16 bytes and what lies in them: 8 elements of a 16-bit type, 4 of float32.
// Arrays of these sizes live in registers: index them in unrolled loops alone.
#pragma once
#include "Common/elements.cuh"

typedef uint32 Words2 __attribute__((ext_vector_type(2)));
typedef uint32 Words4 __attribute__((ext_vector_type(4)));

template <typename T> constexpr int Lanes = 16 / (int)sizeof(T);

/// Whether a type takes 16 bits.
template <typename T> constexpr bool IsHalf = sizeof(T) == 2;

DEVICE Words4 Zeros() { return Words4{0, 0, 0, 0}; }

/// Of global memory: where a pointer comes out of a choice, the compiler does not know.
#define GLOBAL __attribute__((address_space(1)))

/// Chunk `index` of 16 bytes after `base` in global memory, which must lie on a border of 16 bytes. An instruction of its own: a plain load,
/// of whose words each goes its own way, the compiler cuts into loads of single words, with four times the requests.
DEVICE Words4 LoadChunk(const void* base, int64 index) {
  uint32 a, b, c, d;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "l"((const GLOBAL Words4*)(const GLOBAL void*)base + index) : "memory");
  return Words4{a, b, c, d};
}

/// A chunk of shared memory, for the same reason.
DEVICE Words4 LoadSharedChunk(const void* address) {
  uint32 a, b, c, d;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(SharedAddress(address)) : "memory");
  return Words4{a, b, c, d};
}

/// Eight bytes at an address in global memory.
DEVICE Words2 LoadWords(const void* address) {
  uint32 a, b;
  asm volatile("ld.global.v2.u32 {%0, %1}, [%2];" : "=r"(a), "=r"(b) : "l"((const GLOBAL void*)address) : "memory");
  return Words2{a, b};
}

DEVICE void StoreChunk(void* base, int64 index, Words4 words) { ((GLOBAL Words4*)(GLOBAL void*)base)[index] = words; }

/// Keeps a chunk packed until here. The compiler would rather hold its elements as float32 from one use to the next, in up to twice the registers.
DEVICE void Repack(Words4& words) {
  uint32 a = words[0], b = words[1], c = words[2], d = words[3];
  asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
  words = Words4{a, b, c, d};
}

/// Elements of a chunk as float32.
template <typename T> DEVICE void Unpack(Words4 words, float (&values)[Lanes<T>]) {
  if constexpr (IsHalf<T>) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      values[2 * i] = Low<T>(words[i]);
      values[2 * i + 1] = High<T>(words[i]);
    }
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) values[i] = __builtin_bit_cast(float, (uint32)words[i]);
  }
}

/// The reverse, rounded to the nearest.
template <typename T> DEVICE Words4 PackAll(const float (&values)[Lanes<T>]) {
  Words4 words;
  if constexpr (IsHalf<T>) {
#pragma unroll
    for (int i = 0; i < 4; i++) words[i] = Pack<T>(values[2 * i], values[2 * i + 1]);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) words[i] = __builtin_bit_cast(uint32, values[i]);
  }
  return words;
}

/// `Count` (4 or 8) elements of any type from `values[first …]` in global memory, in accesses of 8 or 16 bytes; `first` is a multiple of `Count`.
template <typename T, int Count> DEVICE void LoadValues(const T* values, int64 first, float (&result)[Count]) {
  if constexpr (Count * sizeof(T) == 8) {
    const Words2 words = LoadWords(values + first);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      result[2 * i] = Low<T>(words[i]);
      result[2 * i + 1] = High<T>(words[i]);
    }
  } else {
#pragma unroll
    for (int part = 0; part < Count / Lanes<T>; part++) {
      float values16[Lanes<T>];
      Unpack<T>(LoadChunk(values + first, part), values16);
#pragma unroll
      for (int i = 0; i < Lanes<T>; i++) result[part * Lanes<T> + i] = values16[i];
    }
  }
}

template <typename T, int Count> DEVICE void StoreValues(T* values, int64 first, const float (&given)[Count]) {
  if constexpr (Count * sizeof(T) == 8) {
    Words2 words;
#pragma unroll
    for (int i = 0; i < 2; i++) words[i] = Pack<T>(given[2 * i], given[2 * i + 1]);
    *(Words2*)(values + first) = words;
  } else {
#pragma unroll
    for (int part = 0; part < Count / Lanes<T>; part++) {
      float values16[Lanes<T>];
#pragma unroll
      for (int i = 0; i < Lanes<T>; i++) values16[i] = given[part * Lanes<T> + i];
      *(Words4*)(values + first + part * Lanes<T>) = PackAll<T>(values16);
    }
  }
}

/// Products of two pairs, rounded once: those of 16-bit values are exact in the instruction, which adds −0.
template <typename T> DEVICE uint32 MultiplyPairs(uint32 a, uint32 b) {
  uint32 result;
  if constexpr (T::IsBFloat16)
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(0x80008000u));
  else
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(result) : "r"(a), "r"(b), "r"(0x80008000u));
  return result;
}

/// x as T has it.
template <typename T> DEVICE float Rounded(float x) { return ToFloat(FromFloat<T>(x)); }
