// What the optimizer kernels are given. Mirrored, field by field, by AdamWParameters.cs, BlockwiseAdamWParameters.cs and AdamWConstants.cs.
#pragma once
#include "Common/arithmetic.cuh"
#include "Common/vector.cuh"

/// The numbers of one update, each computed in double by the host.
struct AdamWConstants {
  float beta1, oneMinusBeta1, beta2, oneMinusBeta2;
  float epsilon;
  float stepSize;          // rate / (1 − β1ᵗ)
  float rootOfCorrection2; // √(1 − β2ᵗ)
  float decay;             // rate · weight decay
};

struct AdamWParameters {
  void* weight;            // [count]; only written where there is a master
  float* master;           // [count] the weight in float32; null where the weight itself is updated
  const void* gradient;    // [count] in the weight's type, or float32 where floatGradient
  float* mean;             // [count]
  float* square;           // [count]
  int64 count;
  int64 start;             // index of the first value in its parameter, for stochastic rounding
  uint64 key;              // of the random bits
  AdamWConstants constants;
  int32 floatGradient;
  int32 stochastic;        // bfloat16 alone
};

/// State in blocks of 256: dynamic-tree codes times the block's largest magnitude.
struct BlockwiseAdamWParameters {
  void* weight;
  float* master;
  const void* gradient;
  uint8* meanCodes;        // [count], signed tree
  uint8* squareCodes;      // [count], unsigned tree
  float* meanScales;       // [⌈count / 256⌉]
  float* squareScales;     // [⌈count / 256⌉]
  const float* tables;     // [4, 256]: values and borders of the signed tree, values and borders of the unsigned one
  int64 count;
  int64 start;
  uint64 key;
  AdamWConstants constants;
  int32 floatGradient;
  int32 stochastic;
};

constexpr int StateBlock = 256;
