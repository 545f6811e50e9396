// What the kernels between logits and the next step's inputs are given. Mirrored, field by field, by CandidateParameters.cs and AdvanceParameters.cs.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

/// A logit as a number that is ordered as logits are, and its token. Key 0 is below −∞'s: nothing.
struct Candidate {
  uint32 key, token;

  /// Whether this comes before the other: the higher logit, of equals the lower token.
  DEVICE bool IsBefore(const Candidate& other) const { return key > other.key || (key == other.key && token < other.token); }
};

/// A maximum, Σ exp(logit − it), and the same at the row's temperature.
struct SliceSum {
  float largest, sum, scaled, reserved;
};

struct CandidateParameters {
  const void* logits;    // [rows, vocabulary]
  Candidate* lists;      // [rows, slices, count]: of each slice, in order
  SliceSum* sums;        // [rows, slices]
  int32* tokens;         // [rows, count]: results
  float* scores;         // [rows, count]
  float* masses;         // [rows, 2]: Σ exp(logit − highest), and Σ exp((logit − highest) / temperature); null where not wanted
  const int32* counts;   // [rows]: how many of a row are wanted; 0: nothing of it, not even masses. Null: count of each
  const float* inverses; // [rows]: 1 / temperature; null for 1
  int64 stride;
  int32 rows, vocabulary;
  int32 count, slices;
};

struct AdvanceGroup {
  const int32* pages;    // [sequences, maxPages]; null for no group
  int32* slots;          // [sequences]
  int32 maxPages;
  int32 reserved;
};

struct AdvanceParameters {
  const int32* chosen;   // sequence s's token at s · chosenStride; null: nothing grows
  int32* inputs;         // [sequences]
  int32* positions;      // [sequences]
  int32* lengths;        // [sequences]; 0: no sequence
  int32* history;        // [historySteps, sequences]; null where not wanted
  int32* step;
  AdvanceGroup groups[4];
  int32 sequences, chosenStride, historySteps, pageShift;
};

/// Candidates of a row. A choice between the two counts would be made one of their addresses, and put the parameter into local memory: a minimum is none.
DEVICE int CountOf(const CandidateParameters& p, int row) {
  int count = 0x7FFFFFFF;
  if (p.counts) count = p.counts[row];
  return count < p.count ? count : p.count;
}
DEVICE float InverseOf(const CandidateParameters& p, int row) { return p.inverses ? p.inverses[row] : 1.0f; }

/// The order of logits, −0 and 0 being equal.
DEVICE uint32 KeyOf(float logit) {
  const uint32 bits = __builtin_bit_cast(uint32, logit == 0 ? 0.0f : logit);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
DEVICE float LogitOf(uint32 key) {
  const uint32 bits = key & 0x80000000u ? key & 0x7FFFFFFFu : ~key;
  return __builtin_bit_cast(float, bits);
}
