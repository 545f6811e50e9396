// Codes into pairs of 16-bit floats, in registers, by no more than a few instructions a pair. All but NF4's values are exact; NF4's codebook is rounded to
// the activations' type, as a weight that is written out in that type would be.
#pragma once
#include "Linear/instructions.cuh"
#include "Linear/parameters.cuh"

/// Four bytes into two pairs.
template <typename T, int Format> struct Bytes;

/// float16: code + 128 stands in the mantissa of 1024, from which 1152 is taken: 1.25 instructions a byte.
template <> struct Bytes<Float16, Int8Weights> {
  static constexpr float Factor = 1;
  static DEVICE void Decode(uint32 word, uint32 (&pairs)[2]) {
    word ^= 0x80808080u;
    pairs[0] = MultiplyAddPairs<Float16>(Permute<0x4140>(word, 0x64646464u), Ones<Float16>, 0xE480E480u);
    pairs[1] = MultiplyAddPairs<Float16>(Permute<0x4342>(word, 0x64646464u), Ones<Float16>, 0xE480E480u);
  }
};

/// bfloat16 has too few bits for that; float32 has 2^23. Whole numbers up to 128 are left whole by the upper half of a float32. 2.75 a byte.
template <> struct Bytes<BFloat16, Int8Weights> {
  static constexpr float Factor = 1;
  static DEVICE void Decode(uint32 word, uint32 (&pairs)[2]) {
    word ^= 0x80808080u;
    const uint32 a = Whole<0x7650>(word), b = Whole<0x7651>(word), c = Whole<0x7652>(word), d = Whole<0x7653>(word);
    pairs[0] = Permute<0x7632>(a, b);
    pairs[1] = Permute<0x7632>(c, d);
  }
  template <uint32 Selector> static DEVICE uint32 Whole(uint32 word) {
    return __builtin_bit_cast(uint32, __builtin_bit_cast(float, Permute<Selector>(word, 0x4B000000u)) - 8388736.0f);
  }
};

/// float16 has e4m3's bits with an exponent that is 8 smaller, subnormal ones included: the row's factor makes it up. 2 a byte.
template <> struct Bytes<Float16, Float8Weights> {
  static constexpr float Factor = 256;
  static DEVICE void Decode(uint32 word, uint32 (&pairs)[2]) {
    pairs[0] = Halves(Permute<0x1404>(word, 0));
    pairs[1] = Halves(Permute<0x3424>(word, 0));
  }
  static DEVICE uint32 Halves(uint32 high) { return Merge(high, 0x80008000u, (high >> 1) & 0x3F803F80u); }
};

/// bfloat16's exponent would be 120 smaller, and products too small for float32: it is multiplied back at once. 2.5 a byte.
template <> struct Bytes<BFloat16, Float8Weights> {
  static constexpr float Factor = 1;
  static DEVICE void Decode(uint32 word, uint32 (&pairs)[2]) {
    pairs[0] = Halves(Permute<0x1404>(word, 0));
    pairs[1] = Halves(Permute<0x3424>(word, 0));
  }
  static DEVICE uint32 Halves(uint32 high) {
    return MultiplyAddPairs<BFloat16>(Merge(high, 0x80008000u, (high >> 4) & 0x07F007F0u), 0x7B807B80u, 0x80008000u);
  }
};

/// Eight codes of four bits, the first in the lowest, into pairs of codes (0, 4), (1, 5), (2, 6), (3, 7) less their zero point. A code stands at the end of
/// the mantissa of bfloat16's 128 or float16's 1024, from which that number and the zero point are taken: 11 instructions. float16 has room for a code
/// four bits further up too, as 16 times itself: 9 instructions.
template <typename T> struct Int4Zero; // of a group's zero point, what is added to each pair
template <> struct Int4Zero<BFloat16> {
  uint32 less;
  DEVICE void Set(uint32 zero) { less = 0xC300C300u + zero * 0x10001u; }
};
template <> struct Int4Zero<Float16> {
  uint32 less, lessUpper; // −(1024 + zero), −(64 + zero)
  DEVICE void Set(uint32 zero) {
    less = 0xE400E400u + zero * 0x10001u;
    lessUpper = 0xD400D400u + zero * 0x100010u;
  }
};
DEVICE void DecodeInt4(uint32 word, const Int4Zero<BFloat16>& zero, uint32 (&pairs)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i++) pairs[i] = MultiplyAddPairs<BFloat16>(Merge(word >> (4 * i), 0x000F000Fu, 0x43004300u), Ones<BFloat16>, zero.less);
}
DEVICE void DecodeInt4(uint32 word, const Int4Zero<Float16>& zero, uint32 (&pairs)[4]) {
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const uint32 shifted = word >> (4 * i);
    pairs[i] = MultiplyAddPairs<Float16>(Merge(shifted, 0x000F000Fu, 0x64006400u), Ones<Float16>, zero.less);
    pairs[i + 1] = MultiplyAddPairs<Float16>(Merge(shifted, 0x00F000F0u, 0x64006400u), 0x2C002C00u, zero.lessUpper); // times 1/16
  }
}

/// x in the order of DecodeInt4's pairs.
DEVICE Words4 OrderForInt4(Words4 x) {
  return Words4{Permute<0x5410>(x[0], x[2]), Permute<0x7632>(x[0], x[2]), Permute<0x5410>(x[1], x[3]), Permute<0x7632>(x[1], x[3])};
}

/// The lower and the upper bytes of NF4's 16 values (Dettmers et al. 2023, arXiv:2305.14314, appendix E), rounded to the type.
template <typename T> struct Nf4Bytes;
template <> struct Nf4Bytes<BFloat16> {
  static constexpr uint32 Low[4] = {0xCA063280u, 0x00BA3D92u, 0xAD7C25A3u, 0x803910E2u};
  static constexpr uint32 High[4] = {0xBEBFBFBFu, 0x00BDBEBEu, 0x3E3E3E3Du, 0x3F3F3F3Eu};
};
template <> struct Nf4Bytes<Float16> {
  static constexpr uint32 Low[4] = {0x52339200u, 0x00D4EA8Du, 0x68E02618u, 0x00C9800Du};
  static constexpr uint32 High[4] = {0xB6B8B9BCu, 0x00ADB1B4u, 0x3533312Du, 0x3C393837u};
};

/// Eight codes, the first in the upper half of the lowest byte, into four pairs in order: 21 instructions. prmt looks up four codes at a time, in the
/// lower and the upper eight values' bytes, and once more to choose between the two: no table in memory, and no lane waits for another's bank.
template <typename T> DEVICE void DecodeNf4(uint32 word, uint32 (&pairs)[4]) {
  using Table = Nf4Bytes<T>;
  const uint32 within = word & 0x77777777u, which = Merge(word >> 1, 0x44444444u, 0x32103210u);
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const uint32 at = within >> (16 * half), of = which >> (16 * half);
    const uint32 low = Permute(Permute(Table::Low[0], Table::Low[1], at), Permute(Table::Low[2], Table::Low[3], at), of);
    const uint32 high = Permute(Permute(Table::High[0], Table::High[1], at), Permute(Table::High[2], Table::High[3], at), of);
    pairs[2 * half] = Permute<0x4051>(low, high);
    pairs[2 * half + 1] = Permute<0x6273>(low, high);
  }
}
