// Shapes of the Hopper backward kernel: tiles, registers, shared memory, barriers. HopperTileShape.cs has the same numbers.
#pragma once
#include "Attention/hopper_schedule.cuh"
#include "Common/exponentials.cuh"
#include "Common/wgmma.cuh"

using Element = ELEMENT;

struct Backward {
  static constexpr int Size = HEAD_SIZE, Queries = QUERIES, Keys = 128, Stages = 2;
  static constexpr int Consumers = 2, Warps = 4 * Consumers, Rows = 64; // keys of a consumer
  static constexpr int Threads = (1 + Consumers) * WarpgroupThreads;
  static constexpr int ProducerRegisters = 24, ConsumerRegisters = 240;

  static constexpr int Chunk = 64, ChunkBytes = 128, Chunks = Size / Chunk;
  static constexpr int KeyChunk = Keys * ChunkBytes, KeyBytes = KeyChunk * Chunks;
  static constexpr int QueryChunk = Queries * ChunkBytes, QueryBytes = QueryChunk * Chunks;
  static constexpr int RowBytes = Queries * 4;                                          // logSumExp2 or delta
  static constexpr int ScoreBytes = Queries / Chunk * Keys * ChunkBytes;                // ∂sᵀ: chunks of 64 queries, keys as rows
  static constexpr int SumColumns = 64;                                                 // of ∂q's 64 rows that a consumer computes
  static constexpr int SumBytes = 16 * SumColumns * 4;                                  // a warp's piece
  static_assert(Queries * Size == 64 * 128); // a tile of ∂q is two squares of 64: side by side, or one above the other

  static constexpr int K = 0;
  static constexpr int V = K + KeyBytes;
  static constexpr int Q = V + KeyBytes;
  static constexpr int GradientO = Q + Stages * QueryBytes;
  static constexpr int Scores = GradientO + Stages * QueryBytes;
  static constexpr int Sums = Scores + 2 * ScoreBytes;
  static constexpr int LogSumExp = Sums + Warps * SumBytes;
  static constexpr int Delta = LogSumExp + Stages * RowBytes;
  static constexpr int Tasks = Delta + Stages * RowBytes; // two of 48 bytes
  static constexpr int TaskFull = Tasks + 2 * 48;
  static constexpr int TaskEmpty = TaskFull + 2 * 8;
  static constexpr int KeysFull = TaskEmpty + 2 * 8;
  static constexpr int KeysEmpty = KeysFull + 8;
  static constexpr int KeysEdge = KeysEmpty + 8; // before rows behind the document are zeroed
  static constexpr int QFull = KeysEdge + 8;
  static constexpr int QEmpty = QFull + Stages * 8;
  static constexpr int OFull = QEmpty + Stages * 8; // ∂o
  static constexpr int OEmpty = OFull + Stages * 8;
  static constexpr int QueriesEdge = OEmpty + Stages * 8; // q and ∂o, likewise
  static constexpr int SharedBytes = QueriesEdge + Stages * 8;

  static constexpr int ScoresBarrier = 1, OwnBarrier = 2; // named barriers; the second one by consumer
};

/// A unit, as the producer tells it to the others: three 16-byte pieces of shared memory. A negative number of tiles ends the work.
struct BackwardTask {
  int firstKey, key, keys, keyHead;                // document's first key in the pack; the tile's first key and all keys, in the document
  int firstQuery, queries, query, tiles;           // document's first query in the pack; queries of the document; first tile's first query
  int sumTile, shift, reserved0, reserved1;        // document's first tile of gradientQSum; keys − queries

  DEVICE void Write(uint32 address) const {
    SharedStore(address, firstKey, key, keys, keyHead);
    SharedStore(address + 16, firstQuery, queries, query, tiles);
    SharedStore(address + 32, sumTile, shift, 0, 0);
  }
};

/// A field of the unit that is told in slot `slot`; it is read when needed, for registers are scarce.
#define TASK(slot, field) SharedLoad(SharedAddress(hopperShared) + Backward::Tasks + 48 * Opaque(slot) + __builtin_offsetof(BackwardTask, field))

DEVICE void InitBackwardBarriers() {
  uint32 shared = SharedAddress(hopperShared);
  for (int i = 0; i < 2; i++) {
    BarrierInit(shared + Backward::TaskFull + 8 * i, 1);
    BarrierInit(shared + Backward::TaskEmpty + 8 * i, Backward::Warps + 1);
  }
  BarrierInit(shared + Backward::KeysFull, 2); // producer and helper
  BarrierInit(shared + Backward::KeysEmpty, Backward::Warps);
  BarrierInit(shared + Backward::KeysEdge, 1);
  for (int i = 0; i < Backward::Stages; i++) {
    BarrierInit(shared + Backward::QFull + 8 * i, 2);
    BarrierInit(shared + Backward::QEmpty + 8 * i, Backward::Warps);
    BarrierInit(shared + Backward::OFull + 8 * i, 2);
    BarrierInit(shared + Backward::OEmpty + 8 * i, Backward::Warps);
    BarrierInit(shared + Backward::QueriesEdge + 8 * i, 1);
  }
  BarrierInitFence();
}

/// A running count of uses of two places in turn.
DEVICE uint32 StageOf(uint32 count) { return count & 1; }
DEVICE uint32 ParityOf(uint32 count) { return count >> 1 & 1; }
