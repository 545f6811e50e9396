// ∂q of attention over packs, on Hopper, as a kernel of its own, whose sums have a fixed order (deterministic): ∂q = scale · ∂s · k with
// ∂s = w ∘ (∂w − delta) as in hopper_backward.cu. Scores and ∂w are computed twice that way, 7 products instead of 5; nothing is added atomically.
//
// Grid, block, roles, borders: as in hopper_forward.cu; work units are (document, tile of 64 · CONSUMERS queries, head). A consumer holds its 64 rows
// of queries and of ∂o in shared memory, and ∂q in registers; a tile of keys is S = q · kᵀ and ∂w = ∂o · vᵀ, then ∂s packed as the left operand
// of ∂q += ∂s · k. The consumers' products and exponentials interleave by themselves.
// Document borders: what is not seen gets ∂s = 0; rows of k behind the document are zeroed by the producer. Rows of queries behind the document
// are computed from whatever lies there and never stored.
// Shared memory (hopper_key_layout.cuh): q and ∂o by consumer, k and v two tiles each, then tasks and barriers.
// Called by HopperAttention.cs, after attention_backward_prepare. Built with HEAD_SIZE, ELEMENT, CHUNK, KEYS (a tile's), CONSUMERS, Q_STAGES.
#include "Attention/hopper_queries_consumer.cuh"

/// The producer warp: draws units, tells the consumers, brings their tiles.
DEVICE void ProduceQueries(const HopperBackwardParameters& p, uint64 parameters) {
  const AttentionParameters& a = p.attention;
  uint64 k = parameters + __builtin_offsetof(HopperBackwardParameters, k), v = parameters + __builtin_offsetof(HopperBackwardParameters, v);
  uint64 queries[2] = {parameters + __builtin_offsetof(HopperBackwardParameters, q), parameters + __builtin_offsetof(HopperBackwardParameters, gradientO)};
  KeyProducer<Shape> producer;
  int unit = BlockX();
  while (unit < p.schedule.units) {
    int row;
    QueryTask task = QueryTaskOf<Shape>(a, UnitAt(a, p.schedule.sectionHeads, unit), row);
    if (producer.first) unit = DrawUnit(p.schedule); // needed only after this unit's loads
    int tile = task.last - 1, keyHead = task.head / GroupOf(a), valid = task.keys - tile * Shape::Keys;
    row += tile * Shape::Keys; // of the tile
    bool any = task.last > task.first, edge = any && valid < Shape::Keys;
    if (edge)
      producer.BeginEdgeK(k, row, keyHead);
    else if (any)
      producer.LoadK(k, row, keyHead);
    if (any) producer.LoadV(v, row, keyHead);
    producer.Hand(task, queries); // after the first keys: those of the unit before may still be in use
    if (edge) producer.FinishEdgeK(valid);
    for (tile--, row -= Shape::Keys; tile >= task.first; tile--, row -= Shape::Keys) {
      producer.LoadK(k, row, keyHead);
      producer.LoadV(v, row, keyHead);
    }
    unit = Uniform(unit);
  }
  producer.Hand(EndOfWork(), queries);
}

extern "C" __global__ __launch_bounds__(Shape::Threads, 1) void attention_backward_queries(const HopperBackwardParameters p) {
  int warpgroup = Uniform(ThreadX() / WarpgroupThreads);
  if (ThreadX() == 0) InitKeyBarriers<Shape>();
  SyncThreads();
  if (warpgroup == 0) {
    ReleaseRegisters<Shape::ProducerRegisters>();
    if (ThreadX() < 32) ProduceQueries(p, PARAMETER_ADDRESS("attention_backward_queries_param_0"));
  } else {
    TakeRegisters<Shape::ConsumerRegisters>();
    if (p.attention.cap > 0)
      ConsumeQueries<true>(p.attention, warpgroup - 1);
    else
      ConsumeQueries<false>(p.attention, warpgroup - 1);
  }
}
