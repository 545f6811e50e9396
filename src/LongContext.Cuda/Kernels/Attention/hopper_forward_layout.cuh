// Shapes of the Hopper forward kernel: tiles, registers, shared memory, barriers. HopperTiles.cs has the same numbers.
#pragma once
#include "Attention/hopper_schedule.cuh"
#include "Common/exponentials.cuh"
#include "Common/wgmma.cuh"

using Element = ELEMENT;

struct Forward {
  static constexpr int Size = HEAD_SIZE, Keys = KEYS, Consumers = CONSUMERS, QStages = Q_STAGES, KeyStages = 2;
  static constexpr int Rows = 64; // queries of a consumer
  static constexpr int Threads = (1 + Consumers) * WarpgroupThreads;
  // 65,536 registers; setmaxnreg takes multiples of 8.
  static constexpr int ProducerRegisters = Consumers == 2 ? 24 : 32;
  static constexpr int ConsumerRegisters = Consumers == 2 ? 240 : 160;

  static constexpr int ChunkBytes = CHUNK * 2, Chunks = Size / CHUNK;
  static constexpr int QChunk = Rows * ChunkBytes, QBytes = QChunk * Chunks;   // one consumer's
  static constexpr int KeyChunk = Keys * ChunkBytes, KeyBytes = KeyChunk * Chunks; // a tile of k or of v
  static_assert(Size % CHUNK == 0 && Keys % 16 == 0 && KeyChunk % 1024 == 0);

  static constexpr int Q = 0;
  static constexpr int K = Q + QStages * Consumers * QBytes;
  static constexpr int V = K + KeyStages * KeyBytes;
  static constexpr int Tasks = V + KeyStages * KeyBytes; // 32 bytes by stage and consumer
  static constexpr int QFull = Tasks + QStages * Consumers * 32;
  static constexpr int QEmpty = QFull + QStages * Consumers * 8;
  static constexpr int KFull = QEmpty + QStages * Consumers * 8;
  static constexpr int KEmpty = KFull + KeyStages * 8;
  static constexpr int VFull = KEmpty + KeyStages * 8;
  static constexpr int VEmpty = VFull + KeyStages * 8;
  static constexpr int Edge = VEmpty + KeyStages * 8; // a document's last tile of v, before its rows behind the document are zeroed
  static constexpr int SharedBytes = Edge + 8;

  // Named barriers: whose turn it is, and one consumer's own warps.
  static constexpr int TurnBarrier = 1, OwnBarrier = TurnBarrier + Consumers;
};

/// What a consumer has to do, as the producer tells it: two 16-byte pieces of shared memory. Negative rows end the work.
struct ForwardTask {
  int row;      // first query of the warpgroup, in the pack
  int rows;     // queries of the document from there on; may be more than 64 or none
  int position; // of the first query
  int head;
  int keys;        // of the document
  int first, last; // tiles of keys that the block's queries see: first ≤ tile < last
  int reserved;
};

DEVICE void InitForwardBarriers() {
  uint32 shared = SharedAddress(hopperShared);
  for (int i = 0; i < Forward::QStages * Forward::Consumers; i++) {
    BarrierInit(shared + Forward::QFull + 8 * i, 1);
    BarrierInit(shared + Forward::QEmpty + 8 * i, 4); // warps
  }
  for (int i = 0; i < Forward::KeyStages; i++) {
    BarrierInit(shared + Forward::KFull + 8 * i, 1);
    BarrierInit(shared + Forward::KEmpty + 8 * i, 4 * Forward::Consumers);
    BarrierInit(shared + Forward::VFull + 8 * i, 1);
    BarrierInit(shared + Forward::VEmpty + 8 * i, 4 * Forward::Consumers);
  }
  BarrierInit(shared + Forward::Edge, 1);
  BarrierInitFence();
}
