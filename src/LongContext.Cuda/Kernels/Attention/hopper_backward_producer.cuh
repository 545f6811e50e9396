// The two warps that bring the Hopper backward kernel's tiles: the producer draws units and starts the TMA, the helper brings
// logSumExp2 and delta, and zeroes rows behind a document, which the next document's values would otherwise reach the sums from (0 · NaN).
#pragma once
#include "Attention/hopper_backward_layout.cuh"

DEVICE BackwardTask BackwardTaskOf(const AttentionParameters& a, const WorkUnit& work) {
  BackwardTask task;
  task.firstQuery = a.queryBorders[work.document];
  task.queries = a.queryBorders[work.document + 1] - task.firstQuery;
  task.firstKey = a.keyBorders[work.document];
  task.keys = a.keyBorders[work.document + 1] - task.firstKey;
  task.key = work.tile * Backward::Keys;
  task.keyHead = work.head;
  task.shift = task.keys - task.queries;
  int keyEnd = Min(task.key + Backward::Keys, task.keys);
  int first = Max(0, task.key - task.shift - a.windowRight), end = Min(task.queries, keyEnd - task.shift + a.windowLeft);
  task.query = first / Backward::Queries * Backward::Queries;
  task.tiles = end > first ? CeilDivide(end - task.query, Backward::Queries) : 0;
  task.sumTile = task.firstQuery / Backward::Queries + work.document;
  return task;
}

/// Loads `Rows` rows from `row` on, all columns, chunk by chunk; one thread.
template <int Rows> DEVICE void LoadTile(uint32 destination, uint64 map, int head, int row, uint32 barrier) {
#pragma unroll
  for (int chunk = 0; chunk < Backward::Chunks; chunk++)
    TmaLoad(destination + chunk * Rows * Backward::ChunkBytes, map, chunk * Backward::Chunk, head, row, barrier);
}

DEVICE void ProduceBackward(const HopperBackwardParameters& p, uint64 parameters) {
  const AttentionParameters& a = p.attention;
  uint64 mapQ = parameters + __builtin_offsetof(HopperBackwardParameters, q);
  uint64 mapO = parameters + __builtin_offsetof(HopperBackwardParameters, gradientO);
  uint64 mapK = parameters + __builtin_offsetof(HopperBackwardParameters, k);
  uint64 mapV = parameters + __builtin_offsetof(HopperBackwardParameters, v);
  uint32 shared = SharedAddress(hopperShared);
  int group = a.heads / a.keyHeads, unit = BlockX(), lane = Lane();
  uint32 units = 0, steps = 0;
  while (true) {
    bool ends = unit >= p.schedule.units;
    BackwardTask task;
    int next = 0;
    if (!ends) {
      task = BackwardTaskOf(a, UnitAt(a, p.schedule.sectionHeads, unit));
      if (lane == 0) next = DrawUnit(p.schedule); // needed only after this unit's loads
    } else {
      task.firstKey = task.key = task.keys = task.keyHead = task.firstQuery = task.queries = task.query = task.sumTile = task.shift = 0;
      task.tiles = -1;
    }
    BarrierWait(shared + Backward::TaskEmpty + 8 * StageOf(units), ParityOf(units) ^ 1);
    if (lane == 0) {
      task.Write(shared + Backward::Tasks + 48 * StageOf(units));
      BarrierArrive(shared + Backward::TaskFull + 8 * StageOf(units));
    }
    SyncWarp();
    if (ends) return;

    BarrierWait(shared + Backward::KeysEmpty, (units & 1) ^ 1);
    units++;
    if (lane == 0) {
      bool edge = task.key + Backward::Keys > task.keys;
      uint32 barrier = shared + (edge ? Backward::KeysEdge : Backward::KeysFull);
      BarrierArriveExpect(barrier, 2 * Backward::KeyBytes);
      LoadTile<Backward::Keys>(shared + Backward::K, mapK, task.keyHead, task.firstKey + task.key, barrier);
      LoadTile<Backward::Keys>(shared + Backward::V, mapV, task.keyHead, task.firstKey + task.key, barrier);
      if (edge) BarrierArrive(shared + Backward::KeysFull);
    }
    SyncWarp();
    for (int head = task.keyHead * group; head < (task.keyHead + 1) * group; head++)
      for (int tile = 0; tile < task.tiles; tile++, steps++) {
        uint32 stage = StageOf(steps);
        int query = task.query + tile * Backward::Queries, row = task.firstQuery + query;
        bool edge = query + Backward::Queries > task.queries;
        uint32 edgeBarrier = shared + Backward::QueriesEdge + 8 * stage;
        uint32 fullQ = shared + Backward::QFull + 8 * stage, fullO = shared + Backward::OFull + 8 * stage;
        BarrierWait(shared + Backward::QEmpty + 8 * stage, ParityOf(steps) ^ 1);
        if (lane == 0) {
          if (edge) {
            BarrierArriveExpect(edgeBarrier, 2 * Backward::QueryBytes);
            BarrierArrive(fullQ);
          } else {
            BarrierArriveExpect(fullQ, Backward::QueryBytes);
          }
          LoadTile<Backward::Queries>(shared + Backward::Q + stage * Backward::QueryBytes, mapQ, head, row, edge ? edgeBarrier : fullQ);
        }
        SyncWarp();
        BarrierWait(shared + Backward::OEmpty + 8 * stage, ParityOf(steps) ^ 1);
        if (lane == 0) {
          if (edge)
            BarrierArrive(fullO);
          else
            BarrierArriveExpect(fullO, Backward::QueryBytes);
          LoadTile<Backward::Queries>(shared + Backward::GradientO + stage * Backward::QueryBytes, mapO, head, row, edge ? edgeBarrier : fullO);
        }
        SyncWarp();
      }
    unit = Uniform(next);
  }
}

/// Zeroes the rows from `valid` on of two tiles of `Rows` rows that lie `distance` bytes apart; a warp. Rows are whole, so that the exchange
/// of pieces within them does not matter.
template <int Rows> DEVICE void ZeroRows(uint32 tile, uint32 distance, int valid, int lane) {
#pragma unroll
  for (int chunk = 0; chunk < Backward::Chunks; chunk++)
    for (int i = valid * 8 + lane; i < Rows * 8; i += 32) {
      uint32 address = tile + chunk * Rows * Backward::ChunkBytes + 16 * i;
      SharedStore(address, 0, 0, 0, 0);
      SharedStore(address + distance, 0, 0, 0, 0);
    }
  AsyncProxyFence();
}

DEVICE void HelpBackward(const AttentionParameters& a) {
  uint32 shared = SharedAddress(hopperShared);
  int group = a.heads / a.keyHeads, lane = Lane();
  uint32 steps = 0, keyEdges = 0, queryEdges = 0; // queryEdges: a bit by stage
  for (uint32 units = 0;; units++) {
    BarrierWait(shared + Backward::TaskFull + 8 * StageOf(units), ParityOf(units));
    uint32 slot = StageOf(units);
    int key = TASK(slot, key), keys = TASK(slot, keys), keyHead = TASK(slot, keyHead), tiles = TASK(slot, tiles);
    int firstQuery = TASK(slot, firstQuery), queries = TASK(slot, queries), firstTile = TASK(slot, query);
    WarpArrive(shared + Backward::TaskEmpty + 8 * slot);
    if (tiles < 0) return;

    BarrierWait(shared + Backward::KeysEmpty, (units & 1) ^ 1); // the phase before is over: the arrival below counts for this one
    if (key + Backward::Keys > keys) {
      BarrierWait(shared + Backward::KeysEdge, keyEdges++ & 1);
      ZeroRows<Backward::Keys>(shared + Backward::K, Backward::V - Backward::K, keys - key, lane);
    }
    WarpArrive(shared + Backward::KeysFull);

    for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
      for (int tile = 0; tile < tiles; tile++, steps++) {
        uint32 stage = StageOf(steps);
        int query = firstTile + tile * Backward::Queries, valid = queries - query;
        int64 first = (int64)head * a.tokens + firstQuery + query;
        float logSumExp[Backward::Queries / 32], delta[Backward::Queries / 32];
#pragma unroll
        for (int i = 0; i < Backward::Queries / 32; i++) {
          int row = lane + 32 * i;
          logSumExp[i] = row < valid ? a.logSumExp2[first + row] : Infinity; // the weight 0
          delta[i] = row < valid ? a.delta[first + row] : 0;
        }
        BarrierWait(shared + Backward::QEmpty + 8 * stage, ParityOf(steps) ^ 1);
        BarrierWait(shared + Backward::OEmpty + 8 * stage, ParityOf(steps) ^ 1);
#pragma unroll
        for (int i = 0; i < Backward::Queries / 32; i++) {
          SharedStore(shared + Backward::LogSumExp + stage * Backward::RowBytes + 4 * (lane + 32 * i), __builtin_bit_cast(uint32, logSumExp[i]));
          SharedStore(shared + Backward::Delta + stage * Backward::RowBytes + 4 * (lane + 32 * i), __builtin_bit_cast(uint32, delta[i]));
        }
        if (valid < Backward::Queries) {
          BarrierWait(shared + Backward::QueriesEdge + 8 * stage, queryEdges >> stage & 1);
          queryEdges ^= 1u << stage;
          ZeroRows<Backward::Queries>(shared + Backward::Q + stage * Backward::QueryBytes, Backward::GradientO - Backward::Q, valid, lane);
        }
        WarpArrive(shared + Backward::QFull + 8 * stage);
        WarpArrive(shared + Backward::OFull + 8 * stage);
      }
  }
}
