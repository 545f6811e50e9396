// Shape suffixes: T queries, S keys, H query heads, K key/value heads, G = H/K, D head size, B queries of a block, N keys in a view.
using LongContext.Positions;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// Causal attention under a <see cref="PositionRemapping"/>: for a block of queries the scores of each view are computed with that
/// view's rotation, and one softmax runs over all of them together. Memory is block × keys; connected to autograd when that is on.
/// </summary>
internal static class RemappedAttention
{
    /// <summary>Scores of this many bytes at most exist at a time for one document, unless a single query has more.</summary>
    private const long BlockBytes = 64L << 20;

    /// <param name="queryViews">Queries [T, H, D], rotated to each view's positions.</param>
    /// <param name="keyMaps">Keys [S, K, D], rotated to each key map's positions.</param>
    /// <param name="v_SKD">Values.</param>
    /// <param name="remapping">The views.</param>
    /// <param name="arguments">Borders, soft cap and scale; causal, without a window.</param>
    /// <returns>Output [T, H, D].</returns>
    public static Tensor Forward(Tensor[] queryViews, Tensor[] keyMaps, Tensor v_SKD, PositionRemapping remapping, AttentionArguments arguments)
    {
        ReadOnlySpan<int> queries = arguments.CumulativeSequenceLengths.Span, keys = arguments.KeyLengths;
        var outputs = new List<Tensor>();
        for (int document = 0; document + 1 < queries.Length; document++)
        {
            int count = queries[document + 1] - queries[document], keyCount = keys[document + 1] - keys[document];
            long bytes = Math.Max(1, keyCount * queryViews[0].size(1) * v_SKD.element_size());
            int block = (int)Math.Clamp(BlockBytes / bytes, 1, 256);
            for (int start = 0; start < count; start += block)
            {
                int size = Math.Min(block, count - start);
                var range = new BlockRange(queries[document] + start, size, keys[document], keyCount - count + start);
                outputs.Add(Block(queryViews, keyMaps, v_SKD, remapping, range, arguments));
            }
        }

        Tensor joined = cat(outputs, 0);
        foreach (Tensor output in outputs) output.Dispose();
        return joined;
    }

    private static Tensor Block(Tensor[] queryViews, Tensor[] keyMaps, Tensor v_SKD, PositionRemapping remapping, BlockRange block, AttentionArguments arguments)
    {
        using var scope = NewDisposeScope();
        double scale = arguments.Scale ?? 1 / Math.Sqrt(v_SKD.size(2));
        var scores = new List<Tensor>();
        var values = new List<Tensor>();
        for (int view = 0; view < remapping.ViewCount; view++)
        {
            (int first, _) = remapping.VisibleKeys(view, block.FirstPosition);
            (_, int end) = remapping.VisibleKeys(view, block.FirstPosition + block.QueryCount - 1);
            if (end <= first) continue;
            Tensor q_KGBD = Grouped(queryViews[view].narrow(0, block.QueryStart, block.QueryCount), v_SKD.size(1));
            Tensor k_K1DN = keyMaps[remapping.KeyMapOf(view)].narrow(0, block.KeyStart + first, end - first).permute(1, 2, 0).unsqueeze(1);
            Tensor scores_KGBN = q_KGBD.Times(scale).matmul(k_K1DN);
            if (arguments.SoftCap is { } cap) scores_KGBN = scores_KGBN.SoftCapped(cap);
            if (Hidden(remapping, view, block, first, end, v_SKD.device) is { } hidden_BN)
                scores_KGBN = scores_KGBN.Masked(hidden_BN, double.NegativeInfinity);
            scores.Add(scores_KGBN);
            values.Add(v_SKD.narrow(0, block.KeyStart + first, end - first));
        }

        // Half types are normalised in float32, as everywhere.
        Tensor all_KGBS = cat(scores, -1);
        Tensor weights_KGBS = all_KGBS.softmax(-1, all_KGBS.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32).to(v_SKD.dtype);
        Tensor v_K1SD = cat(values, 0).permute(1, 0, 2).unsqueeze(1);
        Tensor output_KGBD = weights_KGBS.matmul(v_K1SD);
        return output_KGBD.permute(2, 0, 1, 3).reshape(block.QueryCount, -1, v_SKD.size(2)).MoveToOuterDisposeScope();
    }

    /// <summary>[B, H, D] → [K, G, B, D]: consecutive query heads share a key head.</summary>
    private static Tensor Grouped(Tensor q_BHD, long keyHeads) =>
        q_BHD.reshape(q_BHD.size(0), keyHeads, -1, q_BHD.size(2)).permute(1, 2, 0, 3);

    /// <summary>Which keys from <paramref name="first"/> on a query of the block does not see in a view [B, N]; null when all see all.</summary>
    private static Tensor? Hidden(PositionRemapping remapping, int view, BlockRange block, int first, int end, Device device)
    {
        var starts = new long[block.QueryCount];
        var ends = new long[block.QueryCount];
        bool any = false;
        for (int i = 0; i < block.QueryCount; i++)
        {
            (starts[i], ends[i]) = remapping.VisibleKeys(view, block.FirstPosition + i);
            any |= starts[i] != first || ends[i] != end;
        }

        if (!any) return null;
        Tensor key_1N = TensorArithmetic.Range(first, end, device).unsqueeze(0);
        Tensor start_B1 = tensor(starts).to(device).unsqueeze(1), end_B1 = tensor(ends).to(device).unsqueeze(1);
        return (key_1N < start_B1).logical_or_(key_1N >= end_B1);
    }

    /// <summary>A block of queries of one document.</summary>
    /// <param name="QueryStart">Its first row among the queries.</param>
    /// <param name="QueryCount">How many.</param>
    /// <param name="KeyStart">The document's first row among the keys.</param>
    /// <param name="FirstPosition">Index of its first query in the document.</param>
    private readonly record struct BlockRange(int QueryStart, int QueryCount, int KeyStart, int FirstPosition);
}
