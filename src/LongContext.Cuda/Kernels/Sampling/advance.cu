// From one decoding step's choice to the next one's inputs: see AdvanceArguments.cs. One block, whose threads walk the sequences: a step's number is read by
// all before one of them raises it. Called by AdvanceKernel.
#include "Sampling/parameters.cuh"

DEVICE void FindSlot(const AdvanceGroup& group, int sequence, int key, int pageShift) {
  if (!group.pages) return;
  const int index = key >> pageShift;
  const int page = key >= 0 && index < group.maxPages ? group.pages[(int64)sequence * group.maxPages + index] : -1;
  group.slots[sequence] = page < 0 ? -1 : (page << pageShift) + (key & ((1 << pageShift) - 1));
}

extern "C" __global__ void __launch_bounds__(1024) advance(const AdvanceParameters p) {
  const int step = p.history ? *p.step : 0;
  for (int sequence = ThreadX(); sequence < p.sequences; sequence += BlockSizeX()) {
    int length = p.lengths[sequence];
    const bool is = length > 0;
    if (p.chosen) {
      const int token = is ? p.chosen[(int64)sequence * p.chosenStride] : -1;
      if (is) {
        p.inputs[sequence] = token;
        p.positions[sequence] += 1;
        p.lengths[sequence] = ++length;
      }
      if (p.history && step < p.historySteps) p.history[(int64)step * p.sequences + sequence] = token;
    }
    const int key = is ? length - 1 : -1;
    FindSlot(p.groups[0], sequence, key, p.pageShift);
    FindSlot(p.groups[1], sequence, key, p.pageShift);
    FindSlot(p.groups[2], sequence, key, p.pageShift);
    FindSlot(p.groups[3], sequence, key, p.pageShift);
  }
  SyncThreads();
  if (p.history && p.chosen && ThreadX() == 0) *p.step = step + 1;
}
