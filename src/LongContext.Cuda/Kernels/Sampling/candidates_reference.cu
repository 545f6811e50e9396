// The k highest logits as plainly as can be: a second oracle, and slow. A thread a row walks over it for each candidate, and twice for the sums.
// ⌈rows / 64⌉ blocks of 64; the workspace is not touched. Called by CandidateKernel where it is to be Plain. -DELEMENT=BFloat16|Float16|float
#include "Sampling/parameters.cuh"

extern "C" __global__ void candidates_reference(const CandidateParameters p) {
  const int row = BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows || CountOf(p, row) <= 0) return;
  const ELEMENT* logits = (const ELEMENT*)p.logits + row * p.stride;
  Candidate last{0xFFFFFFFFu, 0}; // before all
  for (int n = 0; n < CountOf(p, row); n++) {
    Candidate next{0, 0xFFFFFFFFu};
    for (int i = 0; i < p.vocabulary; i++) {
      const Candidate one{KeyOf(ToFloat(logits[i])), (uint32)i};
      if (last.IsBefore(one) && one.IsBefore(next)) next = one;
    }
    p.tokens[(int64)row * p.count + n] = (int32)next.token;
    p.scores[(int64)row * p.count + n] = LogitOf(next.key);
    last = next;
  }
  if (!p.masses) return;
  float largest = -Infinity, sum = 0, scaled = 0;
  for (int i = 0; i < p.vocabulary; i++) largest = __builtin_fmaxf(largest, ToFloat(logits[i]));
  const float base = largest == -Infinity ? 0.0f : largest;
  for (int i = 0; i < p.vocabulary; i++) {
    sum += Exp(ToFloat(logits[i]) - base);
    scaled += Exp((ToFloat(logits[i]) - base) * InverseOf(p, row));
  }
  p.masses[2 * row] = sum;
  p.masses[2 * row + 1] = scaled;
}
