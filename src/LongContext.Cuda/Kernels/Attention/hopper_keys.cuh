// What the Hopper kernels that walk tiles of keys share, forward and ∂q: a consumer's task, and the producer's side of k and v.
// `Shape` is Forward or Queries: tiles, places and barriers in shared memory.
#pragma once
#include "Attention/hopper_schedule.cuh"

/// What a consumer has to do, as the producer tells it: two 16-byte pieces of shared memory. Negative rows end the work.
struct QueryTask {
  int row;      // first query of the warpgroup, in the pack
  int rows;     // queries of the document from there on; may be more than 64 or none
  int position; // of the first query
  int head;
  int keys;        // of the document
  int first, last; // tiles of keys that the block's queries see: first ≤ tile < last
  int reserved;
};

/// The block's task and where its keys begin: the document's in the pack.
template <typename Shape> DEVICE QueryTask QueryTaskOf(const AttentionParameters& a, const WorkUnit& work, int& firstKey) {
  constexpr int BlockRows = Shape::Rows * Shape::Consumers;
  int firstQuery = a.queryBorders[work.document], queries = a.queryBorders[work.document + 1] - firstQuery;
  firstKey = a.keyBorders[work.document];
  QueryTask task;
  task.keys = a.keyBorders[work.document + 1] - firstKey;
  int inDocument = work.tile * BlockRows;
  task.row = firstQuery + inDocument;
  task.rows = queries - inDocument;
  task.position = inDocument + task.keys - queries;
  task.head = work.head;
  int end = Min(task.keys, task.position + Min(task.rows, BlockRows) + a.windowRight);
  int begin = Max(0, task.position - a.windowLeft);
  task.last = end > begin ? CeilDivide(end, Shape::Keys) : 0;
  task.first = end > begin ? begin / Shape::Keys : 0;
  return task;
}

DEVICE QueryTask EndOfWork() { return {0, -1, 0, 0, 0, 0, 0, 0}; }

/// Brings tiles of k, v and queries; a warp. Counts of tiles brought so far give stage and phase; these are derived where they are needed, for
/// the warp has Shape::ProducerRegisters, of which an assembler wants some for itself (RegisterBudgetTests.cs counts).
template <typename Shape> struct KeyProducer {
  uint32 shared = SharedAddress(hopperShared);
  uint32 keyTiles = 0, valueTiles = 0, edges = 0, units = 0;
  bool first = Lane() == 0; // of its threads

  /// All columns of `Rows` rows, chunk by chunk; one thread.
  template <int Rows> DEVICE void LoadTile(uint32 destination, uint64 map, int head, int row, uint32 barrier) const {
#pragma unroll
    for (int chunk = 0; chunk < Shape::Chunks; chunk++)
      TmaLoad(destination + chunk * Rows * Shape::ChunkBytes, map, chunk * (Shape::ChunkBytes / 2), head, row, barrier);
  }

  /// A tile of k or v: waits for its place, then loads it. `barrier`: of the stage, or another one.
  DEVICE void LoadKeys(uint64 map, uint32 tiles, uint32 count, uint32 barrier, uint32 empty, int row, int head) const {
    uint32 stage = Opaque(count) % Shape::KeyStages, parity = count / Shape::KeyStages & 1;
    BarrierWait(shared + empty + 8 * stage, parity ^ 1);
    if (first) {
      BarrierArriveExpect(barrier, Shape::KeyBytes);
      LoadTile<Shape::Keys>(shared + tiles + stage * Shape::KeyBytes, map, head, row, barrier);
    }
    SyncWarp();
  }

  DEVICE void LoadK(uint64 map, int row, int head) {
    LoadKeys(map, Shape::K, keyTiles, shared + Shape::KFull + 8 * (Opaque(keyTiles) % Shape::KeyStages), Shape::KEmpty, row, head);
    keyTiles++;
  }
  DEVICE void LoadV(uint64 map, int row, int head) {
    LoadKeys(map, Shape::V, valueTiles, shared + Shape::VFull + 8 * (Opaque(valueTiles) % Shape::KeyStages), Shape::VEmpty, row, head);
    valueTiles++;
  }

  /// A document's last tile of what is summed up comes under another barrier, so that its rows behind the document can be zeroed (FinishEdge…)
  /// before the consumers are told: their weight is 0, but 0 · NaN is NaN.
  DEVICE void BeginEdgeK(uint64 map, int row, int head) const { LoadKeys(map, Shape::K, keyTiles, shared + Shape::Edge, Shape::KEmpty, row, head); }
  DEVICE void BeginEdgeV(uint64 map, int row, int head) const { LoadKeys(map, Shape::V, valueTiles, shared + Shape::Edge, Shape::VEmpty, row, head); }
  DEVICE void FinishEdgeK(int valid) { FinishEdge(Shape::K, Shape::KFull, keyTiles++, valid); }
  DEVICE void FinishEdgeV(int valid) { FinishEdge(Shape::V, Shape::VFull, valueTiles++, valid); }

  DEVICE void FinishEdge(uint32 tiles, uint32 full, uint32 count, int valid) {
    uint32 stage = Opaque(count) % Shape::KeyStages, tile = shared + tiles + stage * Shape::KeyBytes, end = tile + Shape::KeyChunk;
    BarrierWait(shared + Shape::Edge, edges++ & 1);
    for (uint32 address = tile + valid * Shape::ChunkBytes + 16 * ThreadPlace::Read().lane; address < end; address += 32 * 16)
#pragma unroll
      for (int chunk = 0; chunk < Shape::Chunks; chunk++) // whole rows: the exchange of pieces within them does not matter
        SharedStore(address + chunk * Shape::KeyChunk, 0, 0, 0, 0);
    AsyncProxyFence();
    WarpArrive(shared + full + 8 * stage);
  }

  /// Every consumer's task, and its rows of queries (and of ∂o, where the shape has them: Shape::QueryTiles places, one after the other).
  DEVICE void Hand(const QueryTask& task, const uint64 (&maps)[Shape::QueryTiles]) {
#pragma unroll
    for (int consumer = 0; consumer < Shape::Consumers; consumer++) {
      uint32 slot = Opaque(units) % Shape::QStages * Shape::Consumers + consumer, parity = units / Shape::QStages & 1;
      BarrierWait(shared + Shape::QEmpty + 8 * slot, parity ^ 1);
      if (first) {
        int row = task.row + consumer * Shape::Rows;
        int rows = task.rows < 0 ? -1 : Max(task.rows - consumer * Shape::Rows, 0);
        uint32 barrier = shared + Shape::QFull + 8 * slot, tile = shared + Shape::Q + slot * Shape::QueryTiles * Shape::QBytes;
        uint32 address = shared + Shape::Tasks + 32 * slot;
        SharedStore(address, row, rows, task.position + consumer * Shape::Rows, task.head);
        SharedStore(address + 16, task.keys, task.first, task.last, 0);
        if (rows < 0) {
          BarrierArrive(barrier);
        } else {
          BarrierArriveExpect(barrier, Shape::QueryTiles * Shape::QBytes);
#pragma unroll
          for (int i = 0; i < Shape::QueryTiles; i++) LoadTile<Shape::Rows>(tile + i * Shape::QBytes, maps[i], task.head, row, barrier);
        }
      }
      SyncWarp();
    }
    units++;
  }
};

/// A field of the task in slot `slot` is read when it is needed: registers are scarce.
#define TASK(slot, field) SharedLoad(SharedAddress(hopperShared) + Shape::Tasks + 32 * Opaque(slot) + __builtin_offsetof(QueryTask, field))

/// The barriers that KeyProducer works with.
template <typename Shape> DEVICE void InitKeyBarriers() {
  uint32 shared = SharedAddress(hopperShared);
  for (int i = 0; i < Shape::QStages * Shape::Consumers; i++) {
    BarrierInit(shared + Shape::QFull + 8 * i, 1);
    BarrierInit(shared + Shape::QEmpty + 8 * i, 4); // warps
  }
  for (int i = 0; i < Shape::KeyStages; i++) {
    BarrierInit(shared + Shape::KFull + 8 * i, 1);
    BarrierInit(shared + Shape::KEmpty + 8 * i, 4 * Shape::Consumers);
    BarrierInit(shared + Shape::VFull + 8 * i, 1);
    BarrierInit(shared + Shape::VEmpty + 8 * i, 4 * Shape::Consumers);
  }
  BarrierInit(shared + Shape::Edge, 1);
  BarrierInitFence();
}
