// The producer warp of the Hopper forward kernel: draws units, tells the consumers, brings their tiles.
#pragma once
#include "Attention/hopper_forward_layout.cuh"

/// Where the maps of q, k, v are, and the counts of tiles brought so far, from which stage and phase follow.
struct ForwardProducer {
  uint64 q, k, v;
  uint32 shared;
  uint32 keyTiles, valueTiles, edges, units;
  int lane;

  /// A tile of k or v: waits for its place, then loads it.
  DEVICE void LoadKeys(uint64 map, uint32 tiles, uint32 count, uint32 full, uint32 empty, int row, int head) {
    uint32 stage = count % Forward::KeyStages, parity = count / Forward::KeyStages & 1;
    BarrierWait(shared + empty + 8 * stage, parity ^ 1);
    if (lane == 0) {
      uint32 barrier = shared + full + 8 * stage, destination = shared + tiles + stage * Forward::KeyBytes;
      BarrierArriveExpect(barrier, Forward::KeyBytes);
#pragma unroll
      for (int chunk = 0; chunk < Forward::Chunks; chunk++)
        TmaLoad(destination + chunk * Forward::KeyChunk, map, chunk * CHUNK, head, row, barrier);
    }
    SyncWarp();
  }

  DEVICE void LoadK(int row, int head) { LoadKeys(k, Forward::K, keyTiles++, Forward::KFull, Forward::KEmpty, row, head); }
  DEVICE void LoadV(int row, int head) { LoadKeys(v, Forward::V, valueTiles++, Forward::VFull, Forward::VEmpty, row, head); }

  /// The last tile of a document's v. It comes under another barrier, so that its rows behind the document can be zeroed (FinishEdge)
  /// before the consumers are told.
  DEVICE void BeginEdge(int row, int head) {
    uint32 stage = valueTiles % Forward::KeyStages, parity = valueTiles / Forward::KeyStages & 1;
    BarrierWait(shared + Forward::VEmpty + 8 * stage, parity ^ 1);
    if (lane == 0) {
      uint32 barrier = shared + Forward::Edge, destination = shared + Forward::V + stage * Forward::KeyBytes;
      BarrierArriveExpect(barrier, Forward::KeyBytes);
#pragma unroll
      for (int chunk = 0; chunk < Forward::Chunks; chunk++)
        TmaLoad(destination + chunk * Forward::KeyChunk, v, chunk * CHUNK, head, row, barrier);
    }
    SyncWarp();
  }

  DEVICE void FinishEdge(int validRows) {
    uint32 stage = valueTiles++ % Forward::KeyStages;
    uint32 tile = shared + Forward::V + stage * Forward::KeyBytes;
    BarrierWait(shared + Forward::Edge, edges++ & 1);
    constexpr int Pieces = Forward::ChunkBytes / 16;
#pragma unroll
    for (int chunk = 0; chunk < Forward::Chunks; chunk++)
      for (int i = validRows * Pieces + lane; i < Forward::Keys * Pieces; i += 32) // whole rows: the exchange of pieces within them does not matter
        SharedStore(tile + chunk * Forward::KeyChunk + 16 * i, 0, 0, 0, 0);
    AsyncProxyFence();
    WarpArrive(shared + Forward::VFull + 8 * stage);
  }

  /// Every consumer's task and queries (none with rows < 0: the end).
  DEVICE void Hand(const ForwardTask& task) {
    uint32 stage = units % Forward::QStages, parity = units / Forward::QStages & 1;
    units++;
#pragma unroll
    for (int consumer = 0; consumer < Forward::Consumers; consumer++) {
      uint32 slot = stage * Forward::Consumers + consumer;
      BarrierWait(shared + Forward::QEmpty + 8 * slot, parity ^ 1);
      if (lane == 0) {
        int row = task.row + consumer * Forward::Rows;
        int rows = task.rows < 0 ? -1 : Max(task.rows - consumer * Forward::Rows, 0);
        uint32 barrier = shared + Forward::QFull + 8 * slot, tile = shared + Forward::Q + slot * Forward::QBytes;
        uint32 address = shared + Forward::Tasks + 32 * slot;
        SharedStore(address, row, rows, task.position + consumer * Forward::Rows, task.head);
        SharedStore(address + 16, task.keys, task.first, task.last, 0);
        if (rows < 0) {
          BarrierArrive(barrier);
        } else {
          BarrierArriveExpect(barrier, Forward::QBytes);
#pragma unroll
          for (int chunk = 0; chunk < Forward::Chunks; chunk++)
            TmaLoad(tile + chunk * Forward::QChunk, q, chunk * CHUNK, task.head, row, barrier);
        }
      }
      SyncWarp();
    }
  }
};

DEVICE void ProduceForward(const HopperForwardParameters& p, uint64 parameters) {
  const AttentionParameters& a = p.attention;
  ForwardProducer producer;
  producer.q = parameters + __builtin_offsetof(HopperForwardParameters, q);
  producer.k = parameters + __builtin_offsetof(HopperForwardParameters, k);
  producer.v = parameters + __builtin_offsetof(HopperForwardParameters, v);
  producer.shared = SharedAddress(hopperShared);
  producer.keyTiles = producer.valueTiles = producer.edges = producer.units = 0;
  producer.lane = Lane();
  int group = a.heads / a.keyHeads;
  int unit = BlockX();
  ForwardTask task;
  while (unit < p.schedule.units) {
    WorkUnit work = UnitAt(a, p.schedule.sectionHeads, unit);
    int next = 0;
    if (producer.lane == 0) next = DrawUnit(p.schedule); // needed only after this unit's loads

    int firstQuery = a.queryBorders[work.document], queries = a.queryBorders[work.document + 1] - firstQuery;
    int firstKey = a.keyBorders[work.document], keys = a.keyBorders[work.document + 1] - firstKey;
    int inDocument = work.tile * Forward::Rows * Forward::Consumers;
    task.row = firstQuery + inDocument;
    task.rows = queries - inDocument;
    task.position = inDocument + keys - queries;
    task.head = work.head;
    task.keys = keys;
    int lastPosition = task.position + Min(task.rows, Forward::Rows * Forward::Consumers) - 1;
    int end = Min(keys, lastPosition + a.windowRight + 1);
    int begin = Max(0, task.position - a.windowLeft);
    task.last = end > begin ? CeilDivide(end, Forward::Keys) : 0;
    task.first = end > begin ? begin / Forward::Keys : 0;

    int keyHead = work.head / group;
    int tile = task.last - 1;
    bool any = task.last > task.first;
    if (any) producer.LoadK(firstKey + tile * Forward::Keys, keyHead);
    producer.Hand(task);
    if (any) {
      int valid = keys - tile * Forward::Keys;
      if (valid < Forward::Keys) {
        producer.BeginEdge(firstKey + tile * Forward::Keys, keyHead);
        if (tile > task.first) producer.LoadK(firstKey + (tile - 1) * Forward::Keys, keyHead);
        producer.FinishEdge(valid);
        tile--;
      }
      // k one tile ahead of v, as they are consumed. Behind an edge tile, the next k is already on its way.
      for (; tile >= task.first; tile--) {
        if (tile > task.first) producer.LoadK(firstKey + (tile - 1) * Forward::Keys, keyHead);
        producer.LoadV(firstKey + tile * Forward::Keys, keyHead);
      }
    }
    unit = Uniform(next);
  }
  task.rows = -1;
  task.row = task.position = task.head = task.keys = task.first = task.last = 0;
  producer.Hand(task);
}
