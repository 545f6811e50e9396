// Products of 1 to 32 rows with a weight matrix, bound by reading the weights. Compute capability 8.0 and up.
//
// A warp takes 16 outputs and a part of the inputs. Weights are the left factor of mma.sync m16n8k16, tokens its eight columns, once for each eight
// tokens: one token costs as many products as eight, which is little beside the unpacking that a dot product of a thread would need (a product instruction
// does 8 multiply-adds a lane). What order the inputs have within a product is nobody's business as long as both factors have it, so that a lane takes what 16
// contiguous bytes of a row hold, as they come, and the same inputs of x: four lanes have 64 contiguous bytes of a row, a warp 16 rows, a step.
//
// Weights come through a ring of shared memory of each warp's own, `Stages` steps deep, by cp.async: no barrier of the block is in the loop, and no register
// waits. In flight: (Stages − 1) KB a warp, 40 KB a block, and of an H100's multiprocessor 120 KB at three blocks (144 KB of shared memory), 80 KB at the
// two that four-bit codes' registers allow, where its share of 3.35 TB/s over a latency of 700 ns asks for 18 KB. x comes through the first-level cache.
// Of four-bit codes a step has four stripes of 32 inputs: a lane reads its row's word t of each, which other lanes copied, so that a stripe's 32 inputs
// lie in one group and their sum can be multiplied with the group's scale. Chunks are shuffled (c of row r at c ^ (r / 2 mod 4)): no bank conflict.
//
// Instructions of the loop for a byte that a lane takes, counted by the emulator for one token (a test holds them), of the 8.5 that an H100 multiprocessor issues while
// its 15 bytes a cycle come: 16-bit weights 1.0, int8 2.5 (float16) and 3.9 (bfloat16), float8 3.2 and 3.7, int4 5.5 and 5.9 in groups of 128, 6.4 in groups of 64,
// 6.7 of 32, NF4 7.9, with quantised magnitudes 9.0. Sixteen and eight bits should be bound by memory, and int4; NF4 by instructions as much.
// With 32 tokens products and the reads of x, half as many instructions again, bound four-bit weights.
//
// Grid: ⌈tiles / (8 / 2^warpPartsShift)⌉ · splits, block 256: warps of a tile share its inputs and add their sums in shared memory by a binary tree; where
// blocks share them too, linear_combine does the rest of the same tree. No atomics.
// Requires x and codes on borders of 16 bytes; inputs a multiple of 8 (16-bit), 16 (8-bit), 32 (int4; groups too), 64 (NF4).
// Called by LinearKernel. -DELEMENT=BFloat16|Float16 -DFORMAT=0 … 4, as in parameters.cuh
#include "Linear/codes.cuh"
#include "Linear/finish.cuh"

constexpr int Warps = 8, Stages = 6, StepBytes = 64, StageBytes = 16 * StepBytes;
constexpr bool FourBit = FORMAT == Int4Weights || FORMAT == Nf4Weights;
constexpr int ChunkInputs = FourBit ? 32 : FORMAT == PlainWeights ? 8 : 16;
constexpr int StepInputs = 4 * ChunkInputs;

template <typename T> constexpr float CodeFactor = 1;
#if FORMAT == 1 || FORMAT == 2
template <> constexpr float CodeFactor<ELEMENT> = Bytes<ELEMENT, FORMAT>::Factor;
#endif

/// One of the two rows of a lane. Beyond the last row it is read again, and not written.
DEVICE int RowOf(const LinearMatrix& m, int row) { return Min(row, m.outputs - 1); }
DEVICE const char* CodesOf(const LinearParameters& p, const LinearMatrix& m, int row) {
  constexpr int perByte = FourBit ? 2 : 1, bytes = FORMAT == PlainWeights ? 2 : 1;
  return (const char*)m.codes + (int64)row * (p.inputs / perByte * bytes);
}

/// Scales and zero points of a row's groups within a step.
template <int Groups> struct StepScales {
  float scale[Groups];
  uint32 zero[Groups];
};

/// Where a row's scales and zero points are.
struct ScaleSource {
  LinearMatrix m; // of which the compiler keeps what is used
  uint32 first;   // the row's first

  DEVICE ScaleSource(const LinearParameters& p, const LinearMatrix& matrix, int row) : m(matrix), first((uint32)row * p.groups) {}

  template <int Groups> DEVICE void Read(StepScales<Groups>& to, const LinearParameters& p, int column) const {
    if constexpr (Groups > 1) {
      if (p.scalesAtOnce) {
        ReadAtOnce(to, first + column / (StepInputs / Groups));
        return;
      }
    }
#pragma unroll
    for (int i = 0; i < Groups; i++) {
      const uint32 group = (uint32)(((uint64)(uint32)(column + i * (StepInputs / Groups)) * p.groupFactor) >> 32);
      const uint32 at = first + Min(group, (uint32)p.groups - 1);
      if constexpr (FORMAT == Nf4Weights) {
        to.scale[i] = MagnitudeOf(m, at);
      } else {
        to.scale[i] = ((const float*)m.scales)[at];
        to.zero[i] = m.zeros ? m.zeros[at] : 8u;
      }
    }
  }

  /// A step's groups lie beside each other, on a border of as many.
  template <int Groups> DEVICE void ReadAtOnce(StepScales<Groups>& to, uint32 at) const {
    if (FORMAT == Nf4Weights && m.groups) {
      const uint32 codes = ((const uint16*)m.scales)[at / 2];
      const float group = m.groups[at / Nf4Group]; // of both
      to.scale[0] = AddRounded(MultiplyRounded(m.table[codes & 255], group), m.mean);
      to.scale[1] = AddRounded(MultiplyRounded(m.table[codes >> 8], group), m.mean);
      return;
    }
    if constexpr (Groups == 2) {
      const Words2 words = LoadWords((const float*)m.scales + at);
      to.scale[0] = __builtin_bit_cast(float, (uint32)words[0]);
      to.scale[1] = __builtin_bit_cast(float, (uint32)words[1]);
    } else {
      Unpack<float>(LoadChunk((const float*)m.scales + at, 0), to.scale);
    }
    if constexpr (FORMAT == Int4Weights) {
      uint32 zeros = 0x08080808u;
      if (m.zeros) zeros = Groups == 2 ? ((const uint16*)m.zeros)[at / 2] : ((const uint32*)m.zeros)[at / 4];
#pragma unroll
      for (int i = 0; i < Groups; i++) to.zero[i] = zeros >> (8 * i) & 255;
    }
  }
};

/// Where a lane reads x: its token of each tile. Tokens beyond the last are the last again; their results are not written.
template <int TokenTiles> struct Tokens {
  const char* x[TokenTiles];

  DEVICE explicit Tokens(const LinearParameters& p) {
#pragma unroll
    for (int n = 0; n < TokenTiles; n++) x[n] = (const char*)p.x + 2 * (Min(8 * n + (Lane() >> 2), p.rows - 1) * p.xStride);
  }
  DEVICE void Advance(int columns) {
#pragma unroll
    for (int n = 0; n < TokenTiles; n++) x[n] += 2 * columns;
  }
};

/// 16-bit and 8-bit weights: every lane works on what it copied itself. `column`: the lane's first; where inputs have ended, the last ones are read
/// again, and weights are 0.
template <int TokenTiles> DEVICE void TakeStep(float (&sums)[TokenTiles][4], uint32 own, const Tokens<TokenTiles>& x, int column) {
  const Words4 upper = LoadShared16(own, 0), lower = LoadShared16(own, 512);
  if constexpr (FORMAT == PlainWeights) {
#pragma unroll
    for (int n = 0; n < TokenTiles; n++) {
      const Words4 b = LoadInput(x.x[n] + 2 * column, 0);
      MultiplyAdd<ELEMENT>(sums[n], upper[0], lower[0], upper[1], lower[1], b[0], b[1]);
      MultiplyAdd<ELEMENT>(sums[n], upper[2], lower[2], upper[3], lower[3], b[2], b[3]);
    }
  }
#if FORMAT == 1 || FORMAT == 2
  else {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      uint32 a[2][2][2]; // word, row, pair
#pragma unroll
      for (int word = 0; word < 2; word++) {
        Bytes<ELEMENT, FORMAT>::Decode(upper[2 * half + word], a[word][0]);
        Bytes<ELEMENT, FORMAT>::Decode(lower[2 * half + word], a[word][1]);
      }
#pragma unroll
      for (int n = 0; n < TokenTiles; n++) {
        const Words4 b = LoadInput(x.x[n] + 2 * column, 16 * half);
        MultiplyAdd<ELEMENT>(sums[n], a[0][0][0], a[0][1][0], a[0][0][1], a[0][1][1], b[0], b[1]);
        MultiplyAdd<ELEMENT>(sums[n], a[1][0][0], a[1][1][0], a[1][0][1], a[1][1][1], b[2], b[3]);
      }
    }
  }
#endif
}

/// Four-bit weights: `stripes` of 32 inputs; after `4 / Groups` of them their sums are multiplied with the group's scale.
template <int TokenTiles, int Groups>
DEVICE void TakeStripes(float (&sums)[TokenTiles][4], uint32 row, const Tokens<TokenTiles>& x, int stripes, const StepScales<Groups> (&scales)[2]) {
  const uint32 shuffle = (uint32)(Lane() >> 3 & 3) << 4;
  float part[TokenTiles][4];
#pragma unroll
  for (int stripe = 0; stripe < 4; stripe++) {
    const int group = stripe * Groups / 4;
    if (stripe % (4 / Groups) == 0)
#pragma unroll
      for (int n = 0; n < TokenTiles; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) part[n][i] = 0;
    if (stripe == 0 || stripe < stripes) {
      const uint32 at = row + (stripe << 4 ^ shuffle);
      uint32 upper[4], lower[4];
      if constexpr (FORMAT == Int4Weights) {
        DecodeInt4(LoadShared4(at, 0), scales[0].zero[group], upper, ELEMENT{});
        DecodeInt4(LoadShared4(at, 512), scales[1].zero[group], lower, ELEMENT{});
      } else {
        DecodeNf4<ELEMENT>(LoadShared4(at, 0), upper);
        DecodeNf4<ELEMENT>(LoadShared4(at, 512), lower);
      }
#pragma unroll
      for (int n = 0; n < TokenTiles; n++) {
        Words4 b = LoadInput(x.x[n], 64 * stripe);
        if constexpr (FORMAT == Int4Weights) b = OrderForInt4(b);
        MultiplyAdd<ELEMENT>(part[n], upper[0], lower[0], upper[1], lower[1], b[0], b[1]);
        MultiplyAdd<ELEMENT>(part[n], upper[2], lower[2], upper[3], lower[3], b[2], b[3]);
      }
    }
    if ((stripe + 1) % (4 / Groups) == 0)
#pragma unroll
      for (int n = 0; n < TokenTiles; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) {
          sums[n][i] = __builtin_fmaf(part[n][i], scales[i / 2].scale[group], sums[n][i]);
          asm volatile("" : "+f"(sums[n][i])); // now: the compiler would keep all groups' parts until the step's end
        }
  }
}

/// The sums of a tile over a part of the inputs.
template <int TokenTiles, int Groups> DEVICE void TakePart(float (&sums)[TokenTiles][4], const LinearParameters& p, int tile, int part, uint32 ring) {
  const int lane = Lane(), g = lane >> 2, t = lane & 3;
  const bool isUnit = p.activation >= 0;
  const LinearMatrix upperMatrix = MatrixOf(p, tile), lowerMatrix = LowerMatrixOf(p, tile);
  const int first = isUnit ? tile * 8 + g : (tile - upperMatrix.firstTile) * 16 + g;
  const int upperRow = RowOf(upperMatrix, first), lowerRow = RowOf(lowerMatrix, isUnit ? first : first + 8);
  const int begin = part * p.stepsOfPart * StepInputs, end = Min(begin + p.stepsOfPart * StepInputs, p.inputs);
  const uint32 own = ring + (FourBit ? g * StepBytes + ((t ^ (g >> 1 & 3)) << 4) : lane * 16);

  const int64 offset = (int64)part * p.stepsOfPart * StepBytes + t * 16;
  const char *upper = CodesOf(p, upperMatrix, upperRow) + offset, *lower = CodesOf(p, lowerMatrix, lowerRow) + offset;
  int copied = begin + t * ChunkInputs; // the lane's first input of the next step to copy
  const auto copy = [&](uint32 to) {
    const bool valid = copied < end; // where not, zeros: also behind the last step, as the waits count groups
    CopyAsync16(to, 0, upper, valid);
    CopyAsync16(to, 512, lower, valid);
    CommitCopies();
    upper += StepBytes;
    lower += StepBytes;
    copied += StepInputs;
  };
  uint32 slot = 0;
#pragma unroll
  for (int i = 0; i < Stages - 1; i++) copy(own + i * StageBytes);

  Tokens<TokenTiles> x(p);
  if constexpr (FourBit) x.Advance(begin + 8 * t);
  const ScaleSource upperScales(p, upperMatrix, upperRow), lowerScales(p, lowerMatrix, lowerRow);
  for (int column = begin; column < end; column += StepInputs) {
    StepScales<Groups> scales[2];
    if constexpr (FourBit) {
      upperScales.Read(scales[0], p, column);
      lowerScales.Read(scales[1], p, column);
    }
    WaitForCopies<Stages - 2>();
    if constexpr (FourBit) SyncWarp(); // others' copies are there, and others are done with what comes to be overwritten
    copy(own + (slot == 0 ? (Stages - 1) * StageBytes : slot - StageBytes));
    if constexpr (FourBit) {
      TakeStripes<TokenTiles, Groups>(sums, ring + slot + g * StepBytes + t * 4, x, (end - column) / 32, scales);
      x.Advance(StepInputs);
    } else {
      TakeStep<TokenTiles>(sums, own + slot, x, Min(column + t * ChunkInputs, p.inputs - ChunkInputs));
    }
    slot = slot == (Stages - 1) * StageBytes ? 0 : slot + StageBytes;
  }
  WaitForCopies<0>();
}

/// All entries' rings. One array for the module: a template's own would be one for each of its instances, and who sums them up has too many.
static __shared__ __attribute__((aligned(16))) uint8 shared[Warps * Stages * StageBytes];

template <int TokenTiles, int Groups> DEVICE void Run(const LinearParameters& p) {
  const int warpParts = 1 << p.warpPartsShift, warp = Warp(), inTile = warp & (warpParts - 1), lane = Lane();
  const int tile = BlockX() * (Warps >> p.warpPartsShift) + (warp >> p.warpPartsShift);
  float sums[TokenTiles][4];
#pragma unroll
  for (int n = 0; n < TokenTiles; n++)
#pragma unroll
    for (int i = 0; i < 4; i++) sums[n][i] = 0;
  if (tile < p.tiles) TakePart<TokenTiles, Groups>(sums, p, tile, BlockY() * warpParts + inTile, SharedAddress(shared) + warp * Stages * StageBytes);

  // Neighbouring parts first, then pairs of them, and so on: as linear_combine goes on. A warp's ring is free by now; value i of a lane lies 33 floats
  // after value i − 1, so that a token's 16 rows are read without conflict in the end.
  SyncWarp(); // other lanes have read their codes
  float* exchange = (float*)shared + warp * (Stages * StageBytes / 4);
  const auto give = [&] {
#pragma unroll
    for (int n = 0; n < TokenTiles; n++)
#pragma unroll
      for (int i = 0; i < 4; i++) exchange[(n * 4 + i) * 33 + lane] = sums[n][i];
  };
  for (int distance = 1; distance < warpParts; distance *= 2) {
    const int place = inTile & (2 * distance - 1);
    if (place == distance) give();
    SyncThreads();
    if (place == 0)
#pragma unroll
      for (int n = 0; n < TokenTiles; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) sums[n][i] += exchange[distance * (Stages * StageBytes / 4) + (n * 4 + i) * 33 + lane];
  }
  if (inTile != 0 || tile >= p.tiles) return;

  give();
  SyncWarp();
  const bool isUnit = p.activation >= 0;
  const auto sumOf = [&](int token, int row) { return exchange[(token / 8 * 4 + row / 8 * 2 + token % 2) * 33 + row % 8 * 4 + token % 8 / 2]; };
  if (p.partials) {
    for (int i = lane; i < p.rows * 16; i += 32)
      p.partials[((int64)BlockY() * p.rows + i / 16) * p.tiles * 16 + tile * 16 + i % 16] = sumOf(i / 16, i % 16);
    return;
  }
  const int wide = isUnit ? 8 : 16;
  for (int i = lane; i < p.rows * wide; i += 32) {
    const int token = i / wide, row = i % wide;
    Finish<ELEMENT, FORMAT>(p, tile, row, token, sumOf(token, row), isUnit ? sumOf(token, row + 8) : 0, CodeFactor<ELEMENT>);
  }
}

/// The upper levels of the tree: `count` sums of blocks, a power of two up to 32.
DEVICE float SumOfSplits(const float* partials, int64 stride, int count) {
  float sums[32];
#pragma unroll
  for (int i = 0; i < 32; i++) sums[i] = i < count ? partials[i * stride] : 0; // what is not there adds nothing to what is
#pragma unroll
  for (int distance = 1; distance < 32; distance *= 2)
#pragma unroll
    for (int i = 0; i < 32; i += 2 * distance) sums[i] += sums[i + distance];
  return sums[0];
}

/// A thread a result of a tile; ⌈rows · tiles · 16 / 256⌉ blocks. A gated unit's upper threads have nothing to do.
extern "C" __global__ void __launch_bounds__(256) linear_combine(const LinearParameters p) {
  const int64 at = (int64)BlockX() * 256 + ThreadX(), columns = (int64)p.tiles * 16, stride = p.rows * columns;
  if (at >= stride) return;
  const int token = (int)(at / columns), column = (int)(at % columns), tile = column / 16, inTile = column % 16;
  const bool isUnit = p.activation >= 0;
  if (isUnit && inTile >= 8) return;
  const float sum = SumOfSplits(p.partials + at, stride, p.splits), up = isUnit ? SumOfSplits(p.partials + at + 8, stride, p.splits) : 0;
  Finish<ELEMENT, FORMAT>(p, tile, inTile, token, sum, up, CodeFactor<ELEMENT>);
}

#define ENTRY(NAME, TOKEN_TILES, GROUPS) \
  extern "C" __global__ void __launch_bounds__(256, FourBit ? 2 : 3) linear_##NAME(const LinearParameters p) { Run<TOKEN_TILES, GROUPS>(p); }
#define ENTRIES(SUFFIX, GROUPS) \
  ENTRY(8##SUFFIX, 1, GROUPS) ENTRY(16##SUFFIX, 2, GROUPS) ENTRY(24##SUFFIX, 3, GROUPS) ENTRY(32##SUFFIX, 4, GROUPS)

#if FORMAT == 3 // int4: groups of 32 inputs, of 64, of 128 (each of a multiple as well)
ENTRIES(_of32, 4)
ENTRIES(_of64, 2)
ENTRIES(, 1)
#elif FORMAT == 4
ENTRIES(, 2)
#else
ENTRIES(, 1)
#endif
