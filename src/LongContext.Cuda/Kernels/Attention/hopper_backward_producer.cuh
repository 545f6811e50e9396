// The two warps that bring the Hopper backward kernel's tiles: the producer draws units and starts the TMA, the helper brings
// logSumExp2 and delta, and zeroes rows behind a document, which the next document's values would otherwise reach the sums from (0 · NaN).
// Both live in Backward::ProducerRegisters, of which an assembler wants some for itself: what a unit is stays in shared memory and is read
// where it is needed, one loop walks heads and tiles, rows of numbers go past the registers. RegisterBudgetTests.cs counts.
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

DEVICE BackwardTask EndOfBackward() { return {0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0}; }

/// A count of uses of two places in turn. Place and phase are derived where they are needed, so that they cost no register meanwhile.
struct Turns {
  uint32 count = 0;

  DEVICE uint32 Place() const { return StageOf(Opaque(count)); }
  DEVICE uint32 Parity() const { return ParityOf(Opaque(count)); }
  /// Of those that begin at `first`, the barrier of the place.
  DEVICE uint32 Barrier(uint32 first) const { return SharedAddress(hopperShared) + first + 8 * Place(); }
};

/// The next tile of queries that a unit's keys are walked with: all of a head's, then the next head's.
DEVICE void NextQueries(const Turns& units, int& head, int& query) {
  query += Backward::Queries;
  if (query < TASK(units.Place(), query) + TASK(units.Place(), tiles) * Backward::Queries) return;
  query = TASK(units.Place(), query);
  head++;
}

/// Loads `Rows` rows from `row` on, all columns, chunk by chunk; one thread.
template <int Rows> DEVICE void LoadTile(uint32 destination, uint64 map, int head, int row, uint32 barrier) {
#pragma unroll
  for (int chunk = 0; chunk < Backward::Chunks; chunk++)
    TmaLoad(destination + chunk * Rows * Backward::ChunkBytes, map, chunk * Backward::Chunk, head, row, barrier);
}

/// A tile of q, or of ∂o, which comes second: a document's last tile is announced with q's, for both. One thread.
template <bool IsQ> DEVICE void LoadQueries(const Turns& units, const Turns& steps, uint64 map, int head, int query) {
  uint32 barrier = steps.Barrier(IsQ ? Backward::QFull : Backward::OFull);
  if (query + Backward::Queries > TASK(units.Place(), queries)) {
    BarrierArrive(barrier);
    barrier = steps.Barrier(Backward::QueriesEdge);
    if constexpr (IsQ) BarrierArriveExpect(barrier, 2 * Backward::QueryBytes);
  } else {
    BarrierArriveExpect(barrier, Backward::QueryBytes);
  }
  uint32 tile = SharedAddress(hopperShared) + (IsQ ? Backward::Q : Backward::GradientO) + steps.Place() * Backward::QueryBytes;
  LoadTile<Backward::Queries>(tile, map, head, TASK(units.Place(), firstQuery) + query, barrier);
}

DEVICE void ProduceBackward(const HopperBackwardParameters& p, uint64 parameters) {
  const AttentionParameters& a = p.attention;
  uint64 mapQ = parameters + __builtin_offsetof(HopperBackwardParameters, q);
  uint64 mapO = parameters + __builtin_offsetof(HopperBackwardParameters, gradientO);
  uint64 mapK = parameters + __builtin_offsetof(HopperBackwardParameters, k);
  uint64 mapV = parameters + __builtin_offsetof(HopperBackwardParameters, v);
  uint32 shared = SharedAddress(hopperShared);
  int unit = BlockX();
  bool first = Lane() == 0;
  Turns steps;
  for (Turns units;; units.count++) {
    bool ends = unit >= p.schedule.units;
    BackwardTask task = ends ? EndOfBackward() : BackwardTaskOf(a, UnitAt(a, p.schedule.sectionHeads, unit));
    BarrierWait(units.Barrier(Backward::TaskEmpty), units.Parity() ^ 1);
    if (first) {
      task.Write(shared + Backward::Tasks + 48 * units.Place());
      BarrierArrive(units.Barrier(Backward::TaskFull));
    }
    SyncWarp();
    if (ends) return;

    BarrierWait(shared + Backward::KeysEmpty, units.Place() ^ 1);
    if (first) {
      int key = TASK(units.Place(), key), row = TASK(units.Place(), firstKey) + key, keyHead = TASK(units.Place(), keyHead);
      bool edge = key + Backward::Keys > TASK(units.Place(), keys);
      uint32 barrier = shared + (edge ? Backward::KeysEdge : Backward::KeysFull);
      BarrierArriveExpect(barrier, 2 * Backward::KeyBytes);
      LoadTile<Backward::Keys>(shared + Backward::K, mapK, keyHead, row, barrier);
      LoadTile<Backward::Keys>(shared + Backward::V, mapV, keyHead, row, barrier);
      if (edge) BarrierArrive(shared + Backward::KeysFull);
      unit = DrawUnit(p.schedule); // needed only after this unit's loads
    }
    SyncWarp();
    int left = GroupOf(a), head = TASK(units.Place(), keyHead) * left, query = TASK(units.Place(), query);
    for (left *= TASK(units.Place(), tiles); left > 0; left--, steps.count++) {
      BarrierWait(steps.Barrier(Backward::QEmpty), steps.Parity() ^ 1);
      if (first) LoadQueries<true>(units, steps, mapQ, head, query);
      SyncWarp();
      BarrierWait(steps.Barrier(Backward::OEmpty), steps.Parity() ^ 1);
      if (first) LoadQueries<false>(units, steps, mapO, head, query);
      SyncWarp();
      NextQueries(units, head, query);
    }
    unit = Uniform(unit);
  }
}

/// Zeroes the rows from `valid` on of two tiles of `Rows` rows that lie `distance` bytes apart; a warp. Rows are whole, so that the exchange
/// of pieces within them does not matter.
template <int Rows> DEVICE void ZeroRows(uint32 tile, uint32 distance, int valid) {
  uint32 end = tile + Rows * Backward::ChunkBytes;
  for (uint32 address = tile + valid * Backward::ChunkBytes + 16 * ThreadPlace::Read().lane; address < end; address += 32 * 16)
#pragma unroll
    for (int chunk = 0; chunk < Backward::Chunks; chunk++) {
      SharedStore(address + chunk * Rows * Backward::ChunkBytes, 0, 0, 0, 0);
      SharedStore(address + chunk * Rows * Backward::ChunkBytes + distance, 0, 0, 0, 0);
    }
  AsyncProxyFence();
}

/// Starts the copies of a tile's float32 numbers, one a query, `valid` of them from `source` on; those behind are 0. A warp.
DEVICE void CopyNumbers(uint32 target, const float* source, int valid) {
  int lane = ThreadPlace::Read().lane;
  target += 4 * lane;
  source += lane;
  valid -= lane;
  CopyAsync<0>(target, source, 0 < valid);
  CopyAsync<32>(target, source, 32 < valid);
  if constexpr (Backward::Queries == 128) {
    CopyAsync<64>(target, source, 64 < valid);
    CopyAsync<96>(target, source, 96 < valid);
  }
}

DEVICE void HelpBackward(const AttentionParameters& a) {
  uint32 shared = SharedAddress(hopperShared);
  Turns steps;
  uint32 edges = 0; // the phase of each stage's barrier of document's ends, and above them that of the keys'
  for (Turns units;; units.count++) {
    BarrierWait(units.Barrier(Backward::TaskFull), units.Parity());
    int left = TASK(units.Place(), tiles);
    if (left < 0) return;

    BarrierWait(shared + Backward::KeysEmpty, units.Place() ^ 1); // the phase before is over: the arrival below counts for this one
    int keys = TASK(units.Place(), keys) - TASK(units.Place(), key);
    if (keys < Backward::Keys) {
      BarrierWait(shared + Backward::KeysEdge, edges >> Backward::Stages & 1);
      edges ^= 1u << Backward::Stages;
      ZeroRows<Backward::Keys>(shared + Backward::K, Backward::V - Backward::K, keys);
    }
    WarpArrive(shared + Backward::KeysFull);

    int group = GroupOf(a), head = TASK(units.Place(), keyHead) * group, query = TASK(units.Place(), query);
    for (left *= group; left > 0; left--, steps.count++) {
      BarrierWait(steps.Barrier(Backward::QEmpty), steps.Parity() ^ 1);
      BarrierWait(steps.Barrier(Backward::OEmpty), steps.Parity() ^ 1);
      // All copies are on their way at once, beside the tiles' own. Rows behind the document have the weight exp(0 − 0), of zeros.
      int valid = TASK(units.Place(), queries) - query;
      int64 row = (int64)head * a.tokens + TASK(units.Place(), firstQuery) + query;
      CopyNumbers(shared + Backward::LogSumExp + steps.Place() * Backward::RowBytes, a.logSumExp2 + row, valid);
      CopyNumbers(shared + Backward::Delta + steps.Place() * Backward::RowBytes, a.delta + row, valid);
      if (valid < Backward::Queries) {
        BarrierWait(steps.Barrier(Backward::QueriesEdge), edges >> steps.Place() & 1);
        edges ^= 1u << steps.Place();
        ZeroRows<Backward::Queries>(shared + Backward::Q + steps.Place() * Backward::QueryBytes, Backward::GradientO - Backward::Q, valid);
      }
      CopiesWait();
      WarpArrive(steps.Barrier(Backward::QFull));
      WarpArrive(steps.Barrier(Backward::OFull));
      NextQueries(units, head, query);
    }
    WarpArrive(units.Barrier(Backward::TaskEmpty));
  }
}
