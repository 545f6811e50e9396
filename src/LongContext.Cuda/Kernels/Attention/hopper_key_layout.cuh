// Shapes of the Hopper kernels that walk tiles of keys: tiles, registers, shared memory, barriers. HopperTileShape.cs has the same numbers.
#pragma once
#include "Attention/hopper_keys.cuh"
#include "Common/exponentials.cuh"
#include "Common/wgmma.cuh"

using Element = ELEMENT;

/// `QueryTileCount`: 1 for queries, 2 for queries and ∂o.
template <int QueryTileCount> struct KeyLayout {
  static constexpr int Size = HEAD_SIZE, Keys = KEYS, Consumers = CONSUMERS, QStages = Q_STAGES, KeyStages = 2, QueryTiles = QueryTileCount;
  static constexpr int Rows = 64; // queries of a consumer
  static constexpr int Threads = (1 + Consumers) * WarpgroupThreads;
  // 65,536 registers; setmaxnreg takes multiples of 8. The producer gets what the consumers' sums (192 at most) leave: where a role needs more
  // than it is to go down to, ptxas drops every setmaxnreg of the kernel, and the consumers spill.
  static constexpr int ProducerRegisters = Consumers == 2 ? 40 : 32;
  static constexpr int ConsumerRegisters = Consumers == 2 ? 232 : 160;

  static constexpr int ChunkBytes = CHUNK * 2, Chunks = Size / CHUNK;
  static constexpr int QChunk = Rows * ChunkBytes, QBytes = QChunk * Chunks;       // one consumer's
  static constexpr int KeyChunk = Keys * ChunkBytes, KeyBytes = KeyChunk * Chunks; // a tile of k or of v
  static_assert(Size % CHUNK == 0 && Keys % 16 == 0 && KeyChunk % 1024 == 0);

  static constexpr int Q = 0;
  static constexpr int K = Q + QStages * Consumers * QueryTiles * QBytes;
  static constexpr int V = K + KeyStages * KeyBytes;
  static constexpr int Tasks = V + KeyStages * KeyBytes; // 32 bytes by stage and consumer
  static constexpr int QFull = Tasks + QStages * Consumers * 32;
  static constexpr int QEmpty = QFull + QStages * Consumers * 8;
  static constexpr int KFull = QEmpty + QStages * Consumers * 8;
  static constexpr int KEmpty = KFull + KeyStages * 8;
  static constexpr int VFull = KEmpty + KeyStages * 8;
  static constexpr int VEmpty = VFull + KeyStages * 8;
  static constexpr int Edge = VEmpty + KeyStages * 8; // a document's last tile, before its rows behind the document are zeroed
  static constexpr int SharedBytes = Edge + 8;

  // Named barriers: whose turn it is (forward), and one consumer's own warps.
  static constexpr int TurnBarrier = 1, OwnBarrier = TurnBarrier + Consumers;
};

/// d · factor, 64 queries by the head's columns, to rows of 16-bit elements, by way of the consumer's queries' place `tile`. The other warps of
/// the warpgroup have to be done with that place; a warp stores the 16 rows that it wrote.
template <typename Shape> DEVICE void StoreQueryRows(uint32 tile, const float (&d)[Shape::Size / 2], const float (&factor)[2], Element* target, int stride, int rows) {
  auto [lane, warp, warpgroup] = ThreadPlace::Read();
#pragma unroll
  for (int i = 0; i < Shape::Size / 2; i += 2) {
    int row = 16 * warp + lane / 4 + 8 * (i / 2 % 2), column = 8 * (i / 4) + 2 * (lane % 4);
    float f = factor[i / 2 % 2];
    SharedStore(tile + column / CHUNK * Shape::QChunk + SwizzledOffset<Shape::ChunkBytes>(row, column % CHUNK * 2), Pack<Element>(d[i] * f, d[i + 1] * f));
  }
  SyncWarp();
  constexpr int Pieces = Shape::ChunkBytes / 16; // of a chunk's row
#pragma unroll
  for (int chunk = 0; chunk < Shape::Chunks; chunk++)
#pragma unroll
    for (int i = 0; i < 16 * Pieces / 32; i++) {
      int piece = lane % Pieces, row = 16 * warp + lane / Pieces + 32 / Pieces * i;
      uint32 x, y, z, w;
      SharedLoad(tile + chunk * Shape::QChunk + SwizzledOffset<Shape::ChunkBytes>(row, 16 * piece), x, y, z, w);
      if (row < rows) GlobalStore(target + (int64)row * stride + chunk * CHUNK + 8 * piece, x, y, z, w);
    }
}
