// o = softmax(mask(scale · q · kᵀ)) · v over packs, on Hopper: online softmax over tiles of keys, from a document's last visible tile to its first.
//
// Grid: as many blocks as multiprocessors (or units, if fewer); they stay and draw (document, tile of 64 · CONSUMERS queries, head).
// Block: (1 + CONSUMERS) warpgroups of 128 threads. Warpgroup 0 gives its registers away; its first warp is the producer: it draws units and
// brings q, k and v by TMA. Every other warpgroup has 64 queries: S = q · kᵀ and O += P · v by wgmma, P from registers.
// Overlap: S of the next tile and P · v of this one run while the softmax of the next tile waits for its S alone; consumers take turns in
// issuing products, so that one's softmax runs beside the other's products.
// Shared memory (hopper_key_layout.cuh): q by consumer, Q_STAGES deep, k and v two tiles each, then tasks and barriers. Chunks of CHUNK columns,
// swizzled as the TMA writes them. The consumer's q is also where its output is turned into whole rows.
// Document borders: scores of keys behind the document are masked; their rows of v are zeroed by the producer (0 · NaN is NaN), in the one tile
// where that can be. Rows of queries behind the document are computed from whatever lies there and never stored.
// Called by HopperAttention.cs. Built with HEAD_SIZE, ELEMENT, CHUNK, KEYS (a tile's), CONSUMERS, Q_STAGES.
#include "Attention/hopper_forward_consumer.cuh"

/// The producer warp: draws units, tells the consumers, brings their tiles.
DEVICE void ProduceForward(const HopperForwardParameters& p, uint64 parameters) {
  const AttentionParameters& a = p.attention;
  uint64 k = parameters + __builtin_offsetof(HopperForwardParameters, k), v = parameters + __builtin_offsetof(HopperForwardParameters, v);
  uint64 queries[1] = {parameters + __builtin_offsetof(HopperForwardParameters, q)};
  KeyProducer<Shape> producer;
  int unit = BlockX();
  while (unit < p.schedule.units) {
    int row;
    QueryTask task = QueryTaskOf<Shape>(a, UnitAt(a, p.schedule.sectionHeads, unit), row);
    if (producer.first) unit = DrawUnit(p.schedule); // needed only after this unit's loads
    int tile = task.last - 1, keyHead = task.head / GroupOf(a), valid = task.keys - tile * Shape::Keys;
    row += tile * Shape::Keys; // of the tile
    bool any = task.last > task.first;
    if (any) producer.LoadK(k, row, keyHead);
    producer.Hand(task, queries);
    // k one tile ahead of v, as they are consumed; the edge tile of v before the next k, so that it is there when that is on its way.
    if (any && valid < Shape::Keys) {
      producer.BeginEdgeV(v, row, keyHead);
      if (tile > task.first) producer.LoadK(k, row - Shape::Keys, keyHead);
      producer.FinishEdgeV(valid);
      tile--;
      row -= Shape::Keys;
    }
    for (; tile >= task.first; tile--, row -= Shape::Keys) {
      if (tile > task.first) producer.LoadK(k, row - Shape::Keys, keyHead);
      producer.LoadV(v, row, keyHead);
    }
    unit = Uniform(unit);
  }
  producer.Hand(EndOfWork(), queries);
}

extern "C" __global__ __launch_bounds__(Shape::Threads, 1) void attention_forward(const HopperForwardParameters p) {
  int warpgroup = Uniform(ThreadX() / WarpgroupThreads);
  if (ThreadX() == 0) InitKeyBarriers<Shape>();
  SyncThreads();
  if (warpgroup == 0) {
    ReleaseRegisters<Shape::ProducerRegisters>();
    if (ThreadX() < 32) ProduceForward(p, PARAMETER_ADDRESS("attention_forward_param_0"));
  } else {
    TakeRegisters<Shape::ConsumerRegisters>();
    if (p.attention.cap > 0)
      ConsumeForward<true>(p.attention, warpgroup - 1);
    else
      ConsumeForward<false>(p.attention, warpgroup - 1);
  }
}
