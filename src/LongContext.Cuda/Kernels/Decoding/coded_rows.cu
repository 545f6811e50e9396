// Rows of a cache of codes: read as numbers, for who computes with tensors, and moved head by head as they are, for what is kept of a prompt.
//
// A thread takes sixteen codes of a head. Grid: any; block: 128. No shared memory. Called by CodedRows.cs. -DELEMENT=BFloat16|Float16
#include "Decoding/coded.cuh"
#include "Decoding/parameters.cuh"

extern "C" __global__ void __launch_bounds__(128) coded_rows_gather(const CodedRowsParameters p) {
  const int chunks = p.size / 16, perRow = p.keyHeads * chunks;
  const int64 count = (int64)p.rows * perRow;
  for (int64 i = (int64)BlockX() * 128 + ThreadX(); i < count; i += (int64)GridSizeX() * 128) {
    const int64 row = p.sources[i / perRow];
    const int head = (int)(i % perRow) / chunks;
    UInt4 low = {0, 0, 0, 0}, high = {0, 0, 0, 0};
    if (row >= 0 && row < p.cacheRows) {
      const uint8* from = (const uint8*)p.from + row * p.stride;
      WidenCodes<ELEMENT>(p.codes, *(const UInt4*)(from + (i % perRow) * 16), *(const float*)(from + p.scaleStart + head * 4), low, high);
    }
    UInt4* to = (UInt4*)((ELEMENT*)p.to + i * 16);
    to[0] = low;
    to[1] = high;
  }
}

extern "C" __global__ void __launch_bounds__(128) coded_rows_move(const CodedRowsParameters p) {
  const int chunks = p.size / 16, perRow = p.keyHeads * chunks;
  const int64 count = (int64)p.rows * perRow;
  for (int64 i = (int64)BlockX() * 128 + ThreadX(); i < count; i += (int64)GridSizeX() * 128) {
    const int head = (int)(i % perRow) / chunks;
    const int64 source = p.sources[i / perRow * p.keyHeads + head], target = p.targets[i / perRow];
    if (source < 0 || source >= p.cacheRows || target < 0 || target >= p.cacheRows) continue;
    const uint8* from = (const uint8*)p.from + source * p.stride;
    uint8* to = (uint8*)p.to + target * p.stride;
    *(UInt4*)(to + (i % perRow) * 16) = *(const UInt4*)(from + (i % perRow) * 16);
    if (i % chunks == 0) *(float*)(to + p.scaleStart + head * 4) = *(const float*)(from + p.scaleStart + head * 4);
  }
}
