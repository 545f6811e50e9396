// The end of a block: what its warps found over their shares of the keys becomes one result per row.
//
// Every warp puts its sums (16 rows of `width`, float32) and each row's maximum and sum into shared memory; then
// o = Σw o_w 2^(m_w − M) / Σw l_w 2^(m_w − M) over the warps w of a row, always in the same order. A sequence of one split is done with that;
// of several, each split leaves its o and log2-sum for decoding_combine.
// Shared memory: [warps, 16, width + 8] float32 (the 8 keep the four rows that half a warp writes in different banks), then [warps, 16] maxima
// and [warps, 16] sums. It lies over the tiles, which are no longer needed.
#pragma once
#include "Decoding/softmax.cuh"
#include "Decoding/tile.cuh"

template <int Size> struct Ending {
  static constexpr int Stride = Tile<Size>::Width + 8;
  static constexpr int Floats = Tile<Size>::Warps * 16 * (Stride + 2);
  static_assert(Floats * 4 <= Tile<Size>::Stages * Tile<Size>::StageBytes);
  float* shared;

  DEVICE float& Sum(int warp, int row, int column) const { return shared[(warp * 16 + row) * Stride + column]; }
  DEVICE float& RowMaximum(int warp, int row) const { return shared[Tile<Size>::Warps * 16 * Stride + warp * 16 + row]; }
  DEVICE float& RowSum(int warp, int row) const { return shared[Tile<Size>::Warps * 16 * (Stride + 1) + warp * 16 + row]; }
};

template <int Size> DEVICE void StoreWarp(const Ending<Size>& ending, const float (&o)[Tile<Size>::Width / 8][4], SoftmaxState& state) {
  const int warp = ThreadX() / 32, lane = ThreadX() % 32;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int row = lane / 4 + 8 * i;
    float sum = state.sum[i];
    sum += ShuffleXor(sum, 1);
    sum += ShuffleXor(sum, 2);
    if (lane % 4 == 0) {
      ending.RowMaximum(warp, row) = state.maximum[i];
      ending.RowSum(warp, row) = sum;
    }
#pragma unroll
    for (int n = 0; n < Tile<Size>::Width / 8; n++)
      *(Float2*)&ending.Sum(warp, row, n * 8 + lane % 4 * 2) = Float2{o[n][2 * i], o[n][2 * i + 1]};
  }
}

/// Which token and head the rows of a key head are: row r is head keyHead · group + r % group of the sequence's token r / group.
struct RowMap {
  int group, keyHead, firstRow, rows;
  DEVICE int Token(int row) const { return (firstRow + row) / group; }
  DEVICE int Head(int row) const { return keyHead * group + (firstRow + row) % group; }
  DEVICE bool Has(int row) const { return firstRow + row < rows; }
};

/// What each warp of a block does: warps of the same rows take the keys in turns (parts), for size 256 each of them by two, a half of the columns each.
struct WarpRole {
  int rowTile, half, part, parts;

  template <int Size> DEVICE static WarpRole Of(int warp, int rowWarps) {
    constexpr int halves = Tile<Size>::Halves;
    const int rest = warp / rowWarps;
    return WarpRole{warp % rowWarps, rest % halves, rest / halves, Tile<Size>::Warps / (rowWarps * halves)};
  }
};

/// slot: where this split's partial result goes; negative: the result itself is written.
template <typename T, int Size>
DEVICE void StoreRows(const DecodingParameters& p, const Ending<Size>& ending, const RowMap& map, int firstToken, int slot) {
  using Tile = Tile<Size>;
  const int step = p.rowWarps * Tile::Halves, parts = Tile::Warps / step;
  // Four values a thread. A row of 80 gets 32 threads, so that no eight of them that are served together straddle two rows.
  constexpr int threadsPerRow = Size % 32 == 0 ? Size / 4 : 32;
  for (int i = ThreadX(); i < 16 * p.rowWarps * threadsPerRow; i += Tile::Threads) {
    const int row = i / threadsPerRow, column = i % threadsPerRow * 4;
    if (!map.Has(row)) break; // later ones neither
    if (column >= Size) continue;
    const int inTile = row % 16, inWidth = column % Tile::Width;
    const int firstWarp = row / 16 + p.rowWarps * (column / Tile::Width);
    float maximum = -Infinity;
    for (int part = 0; part < parts; part++) maximum = __builtin_fmaxf(maximum, ending.RowMaximum(firstWarp + part * step, inTile));
    const float base = maximum == -Infinity ? 0 : maximum;
    Float4 o = {0, 0, 0, 0};
    float sum = 0;
    for (int part = 0; part < parts; part++) {
      const int warp = firstWarp + part * step;
      const float factor = Exp2(ending.RowMaximum(warp, inTile) - base);
      sum += ending.RowSum(warp, inTile) * factor;
      o += *(const Float4*)&ending.Sum(warp, inTile, inWidth) * factor;
    }
    const bool seen = maximum != -Infinity;
    if (seen) o *= 1 / sum;

    const int token = map.Token(row), head = map.Head(row);
    if (slot < 0) {
      T* result = (T*)p.o + (int64)(firstToken + token) * p.oStride + head * Size + column;
      *(UInt2*)result = UInt2{Pack<T>(o[0], o[1]), Pack<T>(o[2], o[3])};
      if (column == 0 && p.logSumExp)
        p.logSumExp[(int64)head * p.tokens + firstToken + token] = seen ? (maximum + Log2(sum)) * Ln2 : -Infinity;
    } else {
      const int64 to = (int64)slot * p.maxTokens * p.heads + token * p.heads + head;
      if (seen) *(Float4*)(p.partials + to * Size + column) = o;
      if (column == 0) p.partialLogSumExp[to] = seen ? maximum + Log2(sum) : -Infinity;
    }
  }
}
