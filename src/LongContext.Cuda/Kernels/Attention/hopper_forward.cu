// o = softmax(mask(scale · q · kᵀ)) · v over packs, on Hopper: online softmax over tiles of keys, from a document's last visible tile to its first.
//
// Grid: as many blocks as multiprocessors (or units, if fewer); they stay and draw (document, tile of 64 · CONSUMERS queries, head).
// Block: (1 + CONSUMERS) warpgroups of 128 threads. Warpgroup 0 gives its registers away; its first warp is the producer: it draws units and
// brings q, k and v by TMA. Every other warpgroup has 64 queries: S = q · kᵀ and O += P · v by wgmma, P from registers.
// Overlap: S of the next tile and P · v of this one run while the softmax of the next tile waits for its S alone; consumers take turns in
// issuing products, so that one's softmax runs beside the other's products.
// Shared memory (HopperForwardLayout): q by consumer, Q_STAGES deep, k and v two tiles each, then tasks and barriers. Chunks of CHUNK columns,
// swizzled as the TMA writes them. The consumer's q is also where its output is turned into whole rows.
// Document borders: scores of keys behind the document are masked; their rows of v are zeroed by the producer (0 · NaN is NaN), in the one tile
// where that can be. Rows of queries behind the document are computed from whatever lies there and never stored.
// Called by HopperForward.cs. Built with HEAD_SIZE, ELEMENT, CHUNK, KEYS (a tile's), CONSUMERS, Q_STAGES.
#include "Attention/hopper_forward_consumer.cuh"
#include "Attention/hopper_forward_producer.cuh"

extern "C" __global__ __launch_bounds__(Forward::Threads, 1) void attention_forward(const HopperForwardParameters p) {
  int warpgroup = Uniform(ThreadX() / WarpgroupThreads);
  if (ThreadX() == 0) InitForwardBarriers();
  SyncThreads();
  if (warpgroup == 0) {
    ReleaseRegisters<Forward::ProducerRegisters>();
    if (ThreadX() < 32) ProduceForward(p, PARAMETER_ADDRESS("attention_forward_param_0"));
  } else {
    TakeRegisters<Forward::ConsumerRegisters>();
    if (p.attention.cap > 0)
      ConsumeForward<true>(p.attention, warpgroup - 1);
    else
      ConsumeForward<false>(p.attention, warpgroup - 1);
  }
}
