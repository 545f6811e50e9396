// Attention's backward pass over packs, plain and slow: the second oracle of backward_*.cu. Any size of head up to 256. Macro: ELEMENT.
// Blocks of 128 threads; a warp a query and head, or a key and key head: grids of tokens · heads and keys · keyHeads warps. Each warp goes
// through the keys that its query sees, or the queries that see its key, one after the other, in float32.
// Called by AttentionReference.cs.
#include "Attention/reference.cuh"

/// The weight of a key for a query and the gradient of scale · q·k.
DEVICE float Weight(const AttentionParameters& p, float dot, float gradientWeight, float logSumExp, float delta, float& gradient) {
  float slope, weight = Exp2((Score(p, dot, slope) - logSumExp) * Log2E);
  gradient = weight * (gradientWeight - delta) * slope;
  return weight;
}

extern "C" __global__ void __launch_bounds__(128, 1) attention_reference_backward_queries(const AttentionParameters p) {
  int64 row = (int64)BlockX() * 4 + Warp();
  int token = (int)(row / p.heads), head = (int)(row % p.heads), keyHead = head / (p.heads / p.keyHeads);
  if (token >= p.tokens) return;
  Document document = Document::Read(p, DocumentOf(p.queryBorders, token));

  Row q = Row::Load(p.q, token, p.qStride, head, p.size), gradientO = Row::Load(p.gradientO, token, p.gradientOStride, head, p.size);
  Row gradientQ = Row::Zero();
  float delta = gradientO.Dot(Row::Load(p.o, token, p.oStride, head, p.size)), logSumExp = p.logSumExp[(int64)head * p.tokens + token];
  for (int key = 0; key < document.keys; key++) {
    if (!document.IsSeen(token - document.firstQuery, key)) continue;
    int64 place = document.firstKey + key;
    Row k = Row::Load(p.k, place, p.kStride, keyHead, p.size), v = Row::Load(p.v, place, p.vStride, keyHead, p.size);
    float gradient;
    Weight(p, q.Dot(k), gradientO.Dot(v), logSumExp, delta, gradient);
    gradientQ.Add(k, gradient);
  }
  gradientQ.Store(p.gradientQ, token, p.gradientQStride, head, p.size, p.scale);
}

extern "C" __global__ void __launch_bounds__(128, 1) attention_reference_backward_keys(const AttentionParameters p) {
  int64 row = (int64)BlockX() * 4 + Warp();
  int place = (int)(row / p.keyHeads), keyHead = (int)(row % p.keyHeads), headsPerKey = p.heads / p.keyHeads;
  if (place >= p.keys) return;
  Document document = Document::Read(p, DocumentOf(p.keyBorders, place));

  Row k = Row::Load(p.k, place, p.kStride, keyHead, p.size), v = Row::Load(p.v, place, p.vStride, keyHead, p.size);
  Row gradientK = Row::Zero(), gradientV = Row::Zero();
  for (int head = keyHead * headsPerKey; head < (keyHead + 1) * headsPerKey; head++)
    for (int query = 0; query < document.queries; query++) {
      if (!document.IsSeen(query, place - document.firstKey)) continue;
      int64 token = document.firstQuery + query;
      Row q = Row::Load(p.q, token, p.qStride, head, p.size), gradientO = Row::Load(p.gradientO, token, p.gradientOStride, head, p.size);
      float delta = gradientO.Dot(Row::Load(p.o, token, p.oStride, head, p.size)), gradient;
      float weight = Weight(p, q.Dot(k), gradientO.Dot(v), p.logSumExp[(int64)head * p.tokens + token], delta, gradient);
      gradientK.Add(q, gradient);
      gradientV.Add(gradientO, weight);
    }
  gradientK.Store(p.gradientK, place, p.gradientKStride, keyHead, p.size, p.scale);
  gradientV.Store(p.gradientV, place, p.gradientVStride, keyHead, p.size, 1);
}
