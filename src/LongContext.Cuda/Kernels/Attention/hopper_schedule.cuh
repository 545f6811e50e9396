// Drawing work units: persistent blocks share one counter, so that a block that had short documents takes more of them.
#pragma once
#include "Attention/hopper_parameters.cuh"
#include "Common/hopper.cuh"

/// Draws once; called by one thread. Every launch draws `units` times in all (each block's first unit is its own number, and each block draws
/// until it gets none), so that the draw which returns the last number sets the counter back.
DEVICE int DrawUnit(const HopperSchedule& schedule) {
  int drawn, blocks;
  asm volatile("mov.u32 %0, %%nctaid.x;" : "=r"(blocks)); // read here, so that it costs no register meanwhile
  asm volatile("atom.global.add.u32 %0, [%1], 1;" : "=r"(drawn) : "l"(schedule.counter) : "memory");
  if (drawn == schedule.units - 1) asm volatile("st.global.u32 [%0], %1;" ::"l"(schedule.counter), "r"(0) : "memory");
  return drawn + blocks;
}

/// Query heads of a key head.
DEVICE int GroupOf(const AttentionParameters& attention) { return (int)Opaque(attention.heads) / attention.keyHeads; }

struct WorkUnit {
  int document, tile, head;
};

/// Unit → section of heads, item, head. `heads`: query heads in the forward pass, key heads in the backward pass.
DEVICE WorkUnit UnitAt(const AttentionParameters& attention, int sectionHeads, int unit) {
  int inSection = attention.items * sectionHeads;
  int section = unit / inSection;
  int rest = unit - section * inSection;
  int item = rest / sectionHeads;
  WorkUnit result;
  result.head = section * sectionHeads + rest - item * sectionHeads;
  result.document = attention.work[2 * item];
  result.tile = attention.work[2 * item + 1];
  return result;
}
