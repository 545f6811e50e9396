// Cross-entropy of logits [rows, vocabulary] against labels, and its gradient over the logits, in their own memory:
//   logit = cap · tanh(s·z / cap),  loss = log Σ exp(logit) − logit[label],
//   ∂z = weight · factor · (softmax · (1 + 2ζ·log Σ) − one-hot) · (1 − (logit / cap)²).
//
// Grid: any number of blocks of up to 512 threads; a block walks rows. First pass: the row is read in chunks of 16 bytes, the online
// softmax's maximum and sum (Milakov and Gimelshein 2018) kept by each thread, and chunks put aside in dynamic shared memory as far as
// `heldChunks` go. Second pass: gradients from there, and from a second read for the rest. What stands before the first border of 16 bytes
// in a row and after the last goes element by element, so that any vocabulary and any alignment has the same path.
// Sums in float32. exp is 2^x with log2(e) folded into the factor. Called by CrossEntropyKernel.
#include "Common/arithmetic.cuh"
#include "Common/reduce.cuh"
#include "CrossEntropy/parameters.cuh"

constexpr int Unroll = 4;

/// A maximum times log2(e), rounded, and Σ exp(logit − that).
struct Softmax {
  float largest = -Infinity, sum = 0;

  /// Of nothing but −∞ the sum is 0, not exp(−∞ + ∞).
  DEVICE void Join(float otherLargest, float otherSum) {
    const float both = __builtin_fmaxf(largest, otherLargest), base = both == -Infinity ? 0.0f : both;
    sum = sum * Exp2(largest - base) + otherSum * Exp2(otherLargest - base);
    largest = both;
  }
};

/// NaN stays NaN in the sum. The factor log2(e) is joined with the subtraction, or a logit of 30 would lose 5 bits to it.
template <bool Capped, int Count> DEVICE void Take(Softmax& softmax, const float (&z)[Count], const CrossEntropyParameters& p) {
  float logits[Count], largest = -Infinity, sum = 0;
#pragma unroll
  for (int i = 0; i < Count; i++) {
    logits[i] = LogitOf<Capped>(z[i], p);
    largest = __builtin_fmaxf(largest, logits[i]);
  }
  const float both = __builtin_fmaxf(softmax.largest, MultiplyRounded(largest, Log2E)), base = both == -Infinity ? 0.0f : both;
#pragma unroll
  for (int i = 0; i < Count; i++) sum += Exp2(__builtin_fmaf(logits[i], Log2E, -base));
  softmax.sum = softmax.sum * Exp2(softmax.largest - base) + sum;
  softmax.largest = both;
}

/// The same value in all threads. `shared` holds 64 floats that no thread still reads from.
DEVICE void JoinBlock(Softmax& softmax, float* shared) {
  const int lane = ThreadX() & 31, warp = ThreadX() >> 5, warps = BlockSizeX() >> 5;
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) softmax.Join(ShuffleXor(softmax.largest, mask), ShuffleXor(softmax.sum, mask));
  if (lane == 0) {
    shared[warp] = softmax.largest;
    shared[32 + warp] = softmax.sum;
  }
  SyncThreads();
  softmax.largest = lane < warps ? shared[lane] : -Infinity;
  softmax.sum = lane < warps ? shared[32 + lane] : 0.0f;
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) softmax.Join(ShuffleXor(softmax.largest, mask), ShuffleXor(softmax.sum, mask));
}

template <bool Capped> struct Gradient {
  float negativeLargest; // logits less this exponentiate without overflow
  float factor;          // of exp(logit − largest)

  /// ∂z, less what the label adds.
  DEVICE float Of(float z, float labelFactor, const CrossEntropyParameters& p) const {
    if constexpr (Capped) {
      const float t = CapTanh(z * p.scaleOverCap);
      return (Exp2(__builtin_fmaf(t * p.cap, Log2E, negativeLargest)) * factor - labelFactor) * (1.0f - t * t);
    }
    return Exp2(__builtin_fmaf(z * p.scale, Log2E, negativeLargest)) * factor - labelFactor;
  }
};

/// How a row lies among the borders of 16 bytes.
template <typename T> struct RowParts {
  int before, chunks, after; // elements, chunks, elements

  DEVICE RowParts(const T* row, int columns) {
    const int aside = (int)(((uint64)row & 15) / sizeof(T));
    before = Min(aside == 0 ? 0 : Lanes<T> - aside, columns);
    chunks = (columns - before) / Lanes<T>;
    after = columns - before - chunks * Lanes<T>;
  }
};

/// Rows that are no targets, and those whose label is none.
template <typename T> DEVICE void Clear(T* row, const RowParts<T>& parts, const CrossEntropyParameters& p) {
  for (int chunk = ThreadX(); chunk < parts.chunks; chunk += BlockSizeX()) StoreChunk(row + parts.before, chunk, Zeros());
  for (int i = ThreadX(); i < parts.before; i += BlockSizeX()) row[i] = FromFloat<T>(0.0f);
  for (int i = ThreadX(); i < parts.after; i += BlockSizeX()) row[p.vocabulary - 1 - i] = FromFloat<T>(0.0f);
}

template <typename T, bool Capped> DEVICE Softmax Read(const T* row, const RowParts<T>& parts, Words4* held, const CrossEntropyParameters& p) {
  Softmax softmax;
  const int step = BlockSizeX();
  for (int first = ThreadX(); first < parts.chunks; first += step * Unroll) {
    Words4 chunks[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++)
      if (first + i * step < parts.chunks) chunks[i] = LoadChunk(row + parts.before, first + i * step);
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int chunk = first + i * step;
      if (chunk < parts.chunks) {
        Repack(chunks[i]); // one after the other
        if (chunk < p.heldChunks) held[chunk] = chunks[i];
        float z[Lanes<T>];
        Unpack<T>(chunks[i], z);
        Take<Capped>(softmax, z, p);
      }
    }
  }
  for (int i = ThreadX(); i < parts.before + parts.after; i += step) {
    const float z[1] = {ToFloat(row[i < parts.before ? i : p.vocabulary - 1 - (i - parts.before)])};
    Take<Capped>(softmax, z, p);
  }
  return softmax;
}

template <typename T, bool Capped>
DEVICE void Write(T* row, const RowParts<T>& parts, const Words4* held, const Gradient<Capped>& gradient, const CrossEntropyParameters& p) {
  const int step = BlockSizeX();
  const int kept = Min(p.heldChunks, parts.chunks);
  // What is not kept first: it was read last, and may still lie in the second-level cache.
  for (int first = kept + ThreadX(); first < parts.chunks; first += step * Unroll) {
    Words4 chunks[Unroll];
#pragma unroll
    for (int i = 0; i < Unroll; i++)
      if (first + i * step < parts.chunks) chunks[i] = LoadChunk(row + parts.before, first + i * step);
#pragma unroll
    for (int i = 0; i < Unroll; i++) {
      const int chunk = first + i * step;
      if (chunk < parts.chunks) {
        float z[Lanes<T>];
        Repack(chunks[i]);
        Unpack<T>(chunks[i], z);
#pragma unroll
        for (int j = 0; j < Lanes<T>; j++) z[j] = gradient.Of(z[j], 0.0f, p);
        StoreChunk(row + parts.before, chunk, PackAll<T>(z));
      }
    }
  }
  for (int chunk = ThreadX(); chunk < kept; chunk += step) {
    float z[Lanes<T>];
    Unpack<T>(LoadSharedChunk(held + chunk), z);
#pragma unroll
    for (int j = 0; j < Lanes<T>; j++) z[j] = gradient.Of(z[j], 0.0f, p);
    StoreChunk(row + parts.before, chunk, PackAll<T>(z));
  }
  for (int i = ThreadX(); i < parts.before + parts.after; i += step) {
    T* at = row + (i < parts.before ? i : p.vocabulary - 1 - (i - parts.before));
    *at = FromFloat<T>(gradient.Of(ToFloat(*at), 0.0f, p));
  }
}

template <typename T, bool Capped> DEVICE void Run(const CrossEntropyParameters& p, Words4* held, float* shared) {
  for (int row = BlockX(); row < p.rows; row += GridSizeX()) {
    T* logits = (T*)p.logits + row * p.stride;
    const RowParts<T> parts(logits, p.vocabulary);
    const int label = LabelOf(p, row);
    if (label < 0) {
      if (ThreadX() == 0) {
        if (label == -1) asm volatile("red.global.add.u32 [%0], 1;" ::"l"(p.faults) : "memory");
        p.losses[row] = label == -1 ? __builtin_nanf("") : 0.0f;
        if (p.logSums) p.logSums[row] = 0.0f;
      }
      if (p.writesGradient) Clear(logits, parts, p);
      continue;
    }

    const float chosen = ToFloat(logits[label]); // by all: before any thread writes over it
    Softmax softmax = Read<T, Capped>(logits, parts, held, p);
    JoinBlock(softmax, shared);
    const float base = softmax.largest == -Infinity ? 0.0f : softmax.largest;
    const float logSum = (base + Log2(softmax.sum)) * Ln2;
    if (ThreadX() == 0) {
      p.losses[row] = logSum - LogitOf<Capped>(chosen, p);
      if (p.logSums) p.logSums[row] = logSum;
    }
    if (p.writesGradient) {
      const float labelFactor = (p.weights ? p.weights[row] : 1.0f) * p.gradientFactor;
      const Gradient<Capped> gradient{-base, labelFactor * (1.0f + p.zLoss * logSum) / softmax.sum};
      Write(logits, parts, held, gradient, p);
      SyncThreads(); // the label's gradient goes over what its thread wrote
      if (ThreadX() == 0) logits[label] = FromFloat<T>(gradient.Of(chosen, labelFactor, p));
    }
    SyncThreads(); // before the next row comes into shared memory
  }
}

extern "C" __global__ void __launch_bounds__(512) cross_entropy(const CrossEntropyParameters p) {
  extern __shared__ Words4 held[];
  __shared__ float shared[64];
  if (p.cap > 0)
    Run<ELEMENT, true>(p, held, shared);
  else
    Run<ELEMENT, false>(p, held, shared);
}
