// Shape suffixes: T queries, B queries of a block, S sinks, N keys of windows, M keys of a block's windows, H query heads, K key/value heads, G = H/K, D head size.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// Causal attention of a text's latest tokens over its first keys and a window each, by libtorch's operators: one softmax over both, for which a query may have two rotations. Memory is bounded by going
/// through the queries in blocks.
/// </summary>
internal static class SinkAttention
{
    private const long BlockBytes = 64L << 20;

    /// <param name="farQ_THD">Queries as they look at the sinks.</param>
    /// <param name="q_THD">Queries as they look at their windows.</param>
    /// <param name="farK_SKD">Keys of the sinks, positions 0, 1, …</param>
    /// <param name="farV_SKD">Their values.</param>
    /// <param name="k_NKD">Keys from the first that the first query's window holds up to the last query's own.</param>
    /// <param name="v_NKD">Their values.</param>
    /// <param name="position">The first query's position.</param>
    /// <param name="window">Keys of a window.</param>
    /// <param name="arguments">Soft cap and scale.</param>
    /// <returns>Output [T, H, D].</returns>
    public static Tensor Forward(Tensor farQ_THD, Tensor q_THD, Tensor farK_SKD, Tensor farV_SKD, Tensor k_NKD, Tensor v_NKD, int position, int window, AttentionArguments arguments)
    {
        int count = (int)q_THD.size(0), firstKey = position + count - (int)k_NKD.size(0);
        long bytes = Math.Max(1, (farK_SKD.size(0) + Math.Min(window, k_NKD.size(0))) * q_THD.size(1) * sizeof(float));
        int block = (int)Math.Clamp(BlockBytes / bytes, 1, 256);
        var outputs = new List<Tensor>();
        for (int start = 0; start < count; start += block)
        {
            using var scope = NewDisposeScope();
            int size = Math.Min(block, count - start), first = Math.Max(0, position + start - window + 1), end = position + start + size;
            Tensor nearK_MKD = k_NKD.narrow(0, first - firstKey, end - first), nearV_MKD = v_NKD.narrow(0, first - firstKey, end - first);
            Tensor query_B1 = TensorArithmetic.Range(position + start, end, q_THD.device).unsqueeze(1);
            Tensor key_1M = TensorArithmetic.Range(first, end, q_THD.device).unsqueeze(0);
            // A key is in the window of a query where key + window > query.
            Tensor left_1M = TensorArithmetic.Range((long)first + window, (long)end + window, q_THD.device).unsqueeze(0);
            Tensor left_1S = TensorArithmetic.Range(window, window + farK_SKD.size(0), q_THD.device).unsqueeze(0);
            Tensor hidden_BM = (key_1M > query_B1).logical_or_(left_1M <= query_B1), hidden_BS = left_1S > query_B1;
            Tensor far_KGBS = Scores(farQ_THD.narrow(0, start, size), farK_SKD, hidden_BS, arguments), near_KGBM = Scores(q_THD.narrow(0, start, size), nearK_MKD, hidden_BM, arguments);
            Tensor all = cat([far_KGBS, near_KGBM], -1);
            Tensor weights = all.softmax(-1, all.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32).to(v_NKD.dtype);
            Tensor output_KGBD = weights.matmul(cat([farV_SKD, nearV_MKD], 0).permute(1, 0, 2).unsqueeze(1));
            outputs.Add(output_KGBD.permute(2, 0, 1, 3).reshape(size, -1, v_NKD.size(2)).MoveToOuterDisposeScope());
        }

        return outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
    }

    private static Tensor Scores(Tensor q_BHD, Tensor k_SKD, Tensor hidden_BS, AttentionArguments arguments)
    {
        Tensor q_KGBD = q_BHD.reshape(q_BHD.size(0), k_SKD.size(1), -1, q_BHD.size(2)).permute(1, 2, 0, 3);
        Tensor scores = q_KGBD.Times(arguments.Scale ?? 1 / Math.Sqrt(k_SKD.size(2))).matmul(k_SKD.permute(1, 2, 0).unsqueeze(1));
        if (arguments.SoftCap is { } cap) scores = scores.SoftCapped(cap);
        return scores.Masked(hidden_BS, double.NegativeInfinity);
    }
}
