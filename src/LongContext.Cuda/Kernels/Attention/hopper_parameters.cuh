// What the Hopper kernels are given. Mirrored, field by field, by HopperForwardParameters.cs and HopperBackwardParameters.cs.
#pragma once
#include "Attention/parameters.cuh"

/// A tensor map as the driver encodes it; it may only be used where it lies in the parameters (or in global memory).
struct alignas(64) TensorMap {
  uint64 words[16];
};

/// Which (document, tile, head) a block works on. Blocks stay and draw the next one, `counter` being what the draws go on from; it is 0
/// before and after each launch. Heads go in sections of `sectionHeads`, so that the keys and values which are read at one time fit in the L2
/// cache; within a section the longest items come first, their heads side by side.
struct HopperSchedule {
  int32* counter;
  int32 sectionHeads; // divides the number of heads that items are multiplied with
  int32 units;        // items · heads
};

struct alignas(64) HopperForwardParameters {
  TensorMap q, k, v; // [tokens, heads, size], boxes [64 | key tile, 1, chunk]
  AttentionParameters attention;
  HopperSchedule schedule;
};

struct alignas(64) HopperBackwardParameters {
  TensorMap q, gradientO, k, v; // boxes of 64 rows for q and ∂o, of the key tile for k and v
  AttentionParameters attention;
  HopperSchedule schedule;
};

/// The generic address of the kernel's parameters, whose name `parameter` is as PTX has it: a tensor map may not be copied.
#define PARAMETER_ADDRESS(parameter) \
  [] { \
    uint64 address; \
    asm("{\n\t.reg .b64 t;\n\tmov.b64 t, " parameter ";\n\tcvta.param.u64 %0, t;\n\t}" : "=l"(address)); \
    return address; \
  }()
