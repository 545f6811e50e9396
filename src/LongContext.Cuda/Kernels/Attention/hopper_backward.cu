// ∂k, ∂v and float32 sums of ∂q of attention over packs, on Hopper. With w = exp(s − logSumExp), ∂w = ∂o · vᵀ, delta = Σ o · ∂o a row:
//   ∂v = wᵀ · ∂o,   ∂s = w ∘ (∂w − delta) (through a cap also times 1 − tanh²),   ∂k = scale · ∂sᵀ · q,   ∂q = scale · ∂s · k.
//
// Grid: as many blocks as multiprocessors (or units, if fewer); they stay and draw (document, tile of 128 keys, key head). A block walks the
// tiles of QUERIES queries that see its keys, for each of the query heads of its key head, so that ∂k and ∂v are sums in a fixed order that
// nobody else adds to.
// Block: three warpgroups. Warpgroup 0 gives its registers away; its warp 0 draws units and brings tiles by TMA, its warp 1 brings
// logSumExp2 and delta and zeroes rows behind a document. Warpgroups 1 and 2 have 64 keys each: scores are computed with keys as rows, so that
// wᵀ and ∂sᵀ are, in registers, the left operands of ∂v and ∂k. ∂q sums over both warpgroups' keys, so that ∂sᵀ goes through shared
// memory (twice, in turns, so that one barrier a step is enough); each warpgroup then computes one half of ∂q's tile.
// ∂q: a warp lays its piece of the product down as its registers are and has it added to gradientQSum by a bulk reduction, in
// gradientQSum's order [tile][head][16 rows][8 columns][4 registers][32 lanes], tile = queryBorders[d] / QUERIES + d + tile of the document
// (the portable kernel's order; the finishing kernel is the same). A document's tiles are its own: what stands in rows behind it reaches nobody.
// gradientQSum null: ∂q is another kernel's work (deterministic), here ∂sᵀ stays in registers.
// Shared memory: hopper_backward_layout.cuh. Called by HopperAttention.cs after attention_backward_prepare.
// Built with HEAD_SIZE, ELEMENT, QUERIES.
#include "Attention/hopper_backward_consumer.cuh"
#include "Attention/hopper_backward_producer.cuh"

extern "C" __global__ __launch_bounds__(Backward::Threads, 1) void attention_backward_keys(const HopperBackwardParameters p) {
  int warpgroup = Uniform(ThreadX() / WarpgroupThreads);
  if (ThreadX() == 0) InitBackwardBarriers();
  SyncThreads();
  if (warpgroup == 0) {
    ReleaseRegisters<Backward::ProducerRegisters>();
    int warp = Uniform(ThreadX() / 32);
    if (warp == 0) ProduceBackward(p, PARAMETER_ADDRESS("attention_backward_keys_param_0"));
    if (warp == 1) HelpBackward(p.attention);
  } else {
    TakeRegisters<Backward::ConsumerRegisters>();
    if (p.attention.cap > 0) {
      if (p.attention.gradientQSum)
        ConsumeBackward<true, true>(p.attention, warpgroup - 1);
      else
        ConsumeBackward<true, false>(p.attention, warpgroup - 1);
    } else {
      if (p.attention.gradientQSum)
        ConsumeBackward<false, true>(p.attention, warpgroup - 1);
      else
        ConsumeBackward<false, false>(p.attention, warpgroup - 1);
    }
  }
}
