// Attention over packs, plain and slow: the second oracle of forward.cu. Any size of head up to 256. Macro: ELEMENT.
// Grid: tokens · heads warps, blocks of 128 threads. Each warp goes through the keys that its query sees, one after the other, in float32.
// Called by AttentionReference.cs.
#include "Attention/reference.cuh"

extern "C" __global__ void __launch_bounds__(128, 1) attention_reference_forward(const AttentionParameters p) {
  int64 row = (int64)BlockX() * 4 + Warp();
  int token = (int)(row / p.heads), head = (int)(row % p.heads), keyHead = head / (p.heads / p.keyHeads);
  if (token >= p.tokens) return;
  Document document = Document::Read(p, DocumentOf(p.queryBorders, token));
  int query = token - document.firstQuery;

  Row q = Row::Load(p.q, token, p.qStride, head, p.size), o = Row::Zero();
  float largest = -Infinity, sum = 0;
  for (int key = 0; key < document.keys; key++) {
    if (!document.IsSeen(query, key)) continue;
    int64 place = document.firstKey + key;
    float slope, score = Score(p, q.Dot(Row::Load(p.k, place, p.kStride, keyHead, p.size)), slope);
    float next = __builtin_fmaxf(largest, score), shrink = Exp2((largest - next) * Log2E), weight = Exp2((score - next) * Log2E);
    o.Add(Row::Load(p.v, place, p.vStride, keyHead, p.size), weight, shrink);
    sum = sum * shrink + weight;
    largest = next;
  }
  o.Store(p.o, token, p.oStride, head, p.size, sum == 0 ? 0 : 1 / sum);
  if (Lane() == 0) p.logSumExp[(int64)head * p.tokens + token] = sum == 0 ? -Infinity : largest + Log2(sum) * Ln2;
}
