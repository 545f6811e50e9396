// Which queries of a document see which of its keys, for elements, tiles and ranges of tiles.
//
// Query i stands at position i + shift, shift = keys − queries, and sees key j where −left ≤ j − (i + shift) ≤ right, 0 ≤ j < keys.
#pragma once
#include "Attention/parameters.cuh"
#include "Common/mma.cuh"

struct Document {
  int firstQuery, queries;
  int firstKey, keys;
  int shift;
  int left, right;

  DEVICE static Document Read(const AttentionParameters& p, int index) {
    Document d;
    d.firstQuery = p.queryBorders[index];
    d.queries = p.queryBorders[index + 1] - d.firstQuery;
    d.firstKey = p.keyBorders[index];
    d.keys = p.keyBorders[index + 1] - d.firstKey;
    d.shift = d.keys - d.queries;
    d.left = p.windowLeft;
    d.right = p.windowRight;
    return d;
  }

  /// The keys, from `first` to before `end`, that any of the queries from `query` to before `queryEnd` sees.
  DEVICE void KeysSeen(int query, int queryEnd, int& first, int& end) const {
    first = Max(0, query + shift - left);
    end = Min(keys, queryEnd + shift + right);
  }

  /// The queries, from `first` to before `end`, that see any of the keys from `key` to before `keyEnd`.
  DEVICE void QueriesSeeing(int key, int keyEnd, int& first, int& end) const {
    first = Max(0, key - shift - right);
    end = Min(queries, keyEnd - shift + left);
  }

  /// Whether some of `queryRows` queries does not see some of `keyRows` keys. Queries past the document's end count: they are harmless, and
  /// the test is a comparison shorter.
  DEVICE bool IsBorder(int query, int queryRows, int key, int keyRows) const {
    int position = query + Opaque(shift);
    return key + keyRows > Min(keys, position + right + 1) || key < position + queryRows - 1 - left;
  }

  /// For one pair; the plain kernels'.
  DEVICE bool IsSeen(int query, int key) const {
    return key >= query + shift - left && key <= query + shift + right && key < keys;
  }
};

/// Sets to −∞ the columns of a lane's upper (half 0) or lower row before `first` or after `last`, counted from the lane's first column.
template <int Count> DEVICE void MaskRow(float (&scores)[Count][4], int half, int first, int last) {
#pragma unroll
  for (int n = 0; n < Count; n++)
#pragma unroll
    for (int i = 0; i < 2; i++)
      if (8 * n + i < first || 8 * n + i > last) scores[n][2 * half + i] = -Infinity;
}

/// Sets to −∞ what is not seen among a warp's scores whose rows are queries (`query` is the lane's upper row) and whose columns are keys
/// (`key` is the lane's first column).
template <int Count> DEVICE void MaskQueriesByKeys(float (&scores)[Count][4], const Document& document, int query, int key) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int position = query + 8 * half + Opaque(document.shift);
    MaskRow(scores, half, position - document.left - key, Min(position + document.right, document.keys - 1) - key);
  }
}

/// … whose rows are keys and whose columns are queries.
template <int Count> DEVICE void MaskKeysByQueries(float (&scores)[Count][4], const Document& document, int key, int query) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    int row = key + 8 * half, place = row - Opaque(document.shift) - query;
    MaskRow(scores, half, place - document.right, row < document.keys ? place + document.left : -1);
  }
}
