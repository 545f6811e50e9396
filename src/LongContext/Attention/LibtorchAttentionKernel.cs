// Shape suffixes: T queries, S keys, H heads, K key/value heads, D head size, B documents of one length, L, M their lengths.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// libtorch's own attention, one call for each run of documents of equal length, so that a border costs a call and no mask.
/// Runs on every device libtorch runs on. Causal calls without window and soft cap on as many queries as keys use its fused kernels,
/// in memory linear in length, and a causal window runs in blocks, linear too. With fewer queries than keys (a later chunk of a prompt)
/// there is a mask of one byte for each pair; a soft cap, and log-sum-exp, are computed step by step with all scores in memory.
/// </summary>
public sealed class LibtorchAttentionKernel : IAttentionKernel
{
    /// <summary>Fewest queries that a windowed document is cut into blocks of: below, a call costs more than its mask.</summary>
    internal const int WindowBlock = 256;

    /// <inheritdoc />
    public string Name => "libtorch";

    /// <inheritdoc />
    public string? WhyNot(Device device, ScalarType dataType, int headDimension, AttentionArguments arguments) => null;

    /// <inheritdoc />
    public Tensor Forward(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        AttentionShapes.Check(q, k, v, arguments);
        (Tensor q_THD, Tensor k_SKD, Tensor v_SKD) = (q, k, v);
        var outputs = new List<Tensor>();
        foreach (EqualLengthRun run in EqualLengthRun.Enumerate(arguments))
        {
            if (run.QueryLength == 0) continue;
            using var scope = NewDisposeScope();
            Tensor output_BHLD = run.KeyLength == 0
                ? zeros_like(Documents(q_THD, run.QueryStart, run.Count, run.QueryLength)) // nothing to see: 0, as a sum over no keys
                : ForRun(q_THD, k_SKD, v_SKD, run, arguments);
            Tensor output_THD = output_BHLD.transpose(1, 2).reshape(run.Count * run.QueryLength, q_THD.size(1), q_THD.size(2));
            outputs.Add(output_THD.MoveToOuterDisposeScope());
        }

        Tensor result_THD = Join(outputs, q_THD.shape, q_THD);
        // What the caller lets go could otherwise be finalised in the middle of an operator that reads it.
        GC.KeepAlive(q);
        GC.KeepAlive(k);
        GC.KeepAlive(v);
        return result_THD;
    }

    /// <inheritdoc />
    public (Tensor Output, Tensor LogSumExp) ForwardWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        AttentionShapes.Check(q, k, v, arguments);
        (Tensor q_THD, Tensor k_SKD, Tensor v_SKD) = (q, k, v);
        using var noGradient = no_grad();
        Tensor output_THD = Forward(q_THD, k_SKD, v_SKD, arguments);
        var parts = new List<Tensor>();
        foreach (EqualLengthRun run in EqualLengthRun.Enumerate(arguments))
        {
            if (run.QueryLength == 0) continue;
            using var scope = NewDisposeScope();
            (Tensor q_BHLD, Tensor k_BHMD, _) = Heads(q_THD, k_SKD, v_SKD, run);
            Tensor logSumExp_BHL = run.KeyLength == 0
                ? TensorArithmetic.Filled([run.Count, q_THD.size(1), run.QueryLength], double.NegativeInfinity, LogSumExpType(q_THD), q_THD.device)
                : Scores(q_BHLD.to(LogSumExpType(q_THD)), k_BHMD.to(LogSumExpType(q_THD)), run, arguments).logsumexp(-1);
            parts.Add(logSumExp_BHL.transpose(1, 2).reshape(run.Count * run.QueryLength, q_THD.size(1)).MoveToOuterDisposeScope());
        }

        Tensor logSumExp_TH = Join(parts, [q_THD.size(0), q_THD.size(1)], q_THD);
        GC.KeepAlive(q);
        GC.KeepAlive(k);
        return (output_THD, logSumExp_TH);
    }

    private static Tensor ForRun(Tensor q_THD, Tensor k_SKD, Tensor v_SKD, EqualLengthRun run, AttentionArguments arguments)
    {
        if (arguments.SoftCap is not null)
        {
            (Tensor cappedQ_BHLD, Tensor cappedK_BHMD, Tensor cappedV_BHMD) = Heads(q_THD, k_SKD, v_SKD, run);
            return Scores(cappedQ_BHLD, cappedK_BHMD, run, arguments).softmax(-1).matmul(cappedV_BHMD);
        }

        Tensor q_BHLD = Documents(q_THD, run.QueryStart, run.Count, run.QueryLength);
        Tensor k_BKMD = Documents(k_SKD, run.KeyStart, run.Count, run.KeyLength), v_BKMD = Documents(v_SKD, run.KeyStart, run.Count, run.KeyLength);
        if (arguments.Scale is { } scale) q_BHLD = q_BHLD.Times(scale * Math.Sqrt(q_THD.size(2))); // libtorch divides by √headDim
        if (arguments.Causal && arguments.SlidingWindow is { } window && run.QueryLength > Math.Max(2 * window, WindowBlock))
            return Windowed(q_BHLD, k_BKMD, v_BKMD, run, arguments, window);
        bool plainCausal = arguments.Causal && run.QueryLength == run.KeyLength && arguments.SlidingWindow is null;
        return plainCausal ? NativeOperators.CausalAttention(q_BHLD, k_BKMD, v_BKMD) : Masked(q_BHLD, k_BKMD, v_BKMD, Visible(run, arguments, q_THD.device));
    }

    private static Tensor Masked(Tensor q_BHLD, Tensor k_BKMD, Tensor v_BKMD, Tensor? visible_LM) => visible_LM is null
        ? NativeOperators.FullAttention(q_BHLD, k_BKMD, v_BKMD)
        : NativeOperators.MaskedAttention(q_BHLD, k_BKMD, v_BKMD, visible_LM);

    /// <summary>A causal window over long documents, in blocks of queries with the keys that they see: time and masks are linear in length.</summary>
    private static Tensor Windowed(Tensor q_BHLD, Tensor k_BKMD, Tensor v_BKMD, EqualLengthRun run, AttentionArguments arguments, int window)
    {
        int block = Math.Max(window, WindowBlock), before = run.KeyLength - run.QueryLength;
        var outputs = new List<Tensor>();
        Tensor? mask_LM = null;
        (int Queries, int Keys) maskOf = default;
        for (int start = 0; start < run.QueryLength; start += block)
        {
            int count = Math.Min(block, run.QueryLength - start), end = before + start + count, first = Math.Max(0, before + start - window + 1);
            var part = new EqualLengthRun(0, 0, run.Count, count, end - first);
            if (mask_LM is null || maskOf != (count, end - first)) (mask_LM, maskOf) = (Visible(part, arguments, q_BHLD.device), (count, end - first));
            outputs.Add(Masked(q_BHLD.narrow(2, start, count), k_BKMD.narrow(2, first, end - first), v_BKMD.narrow(2, first, end - first), mask_LM));
        }

        return cat(outputs, 2);
    }

    /// <summary>Scaled, capped and masked scores [B, H, L, M].</summary>
    private static Tensor Scores(Tensor q_BHLD, Tensor k_BHMD, EqualLengthRun run, AttentionArguments arguments)
    {
        double scale = arguments.Scale ?? 1 / Math.Sqrt(q_BHLD.size(3));
        Tensor scores_BHLM = q_BHLD.Times(scale).matmul(k_BHMD.transpose(-2, -1));
        if (arguments.SoftCap is { } cap) scores_BHLM = scores_BHLM.SoftCapped(cap);
        return Visible(run, arguments, q_BHLD.device) is { } visible_LM
            ? scores_BHLM.Masked(visible_LM.logical_not(), double.NegativeInfinity)
            : scores_BHLM;
    }

    /// <summary>Which keys a query sees [L, M]; null when it sees all. The last query stands at the last key.</summary>
    private static Tensor? Visible(EqualLengthRun run, AttentionArguments arguments, Device device)
    {
        bool oneSeesAll = run.QueryLength == 1 && (arguments.SlidingWindow is null || arguments.SlidingWindow >= run.KeyLength);
        if (oneSeesAll || (!arguments.Causal && arguments.SlidingWindow is null)) return null;
        Tensor query_L1 = Queries(0), key_1M = TensorArithmetic.Range(0, run.KeyLength, device).unsqueeze(0);
        // Compared by broadcasting: one byte for each pair, and no matrix of distances.
        Tensor? visible_LM = arguments.Causal ? key_1M <= query_L1 : null;
        if (arguments.SlidingWindow is not { } window) return visible_LM;
        Tensor near_LM = key_1M > Queries(-window);
        visible_LM = visible_LM is null ? near_LM : visible_LM.logical_and_(near_LM);
        return arguments.Causal ? visible_LM : visible_LM.logical_and_(key_1M < Queries(window));

        Tensor Queries(int shift) =>
            TensorArithmetic.Range((long)run.KeyLength - run.QueryLength + shift, (long)run.KeyLength + shift, device).unsqueeze(1);
    }

    private static (Tensor Q_BHLD, Tensor K_BHMD, Tensor V_BHMD) Heads(Tensor q_THD, Tensor k_SKD, Tensor v_SKD, EqualLengthRun run)
    {
        long group = q_THD.size(1) / k_SKD.size(1);
        Tensor k_BKMD = Documents(k_SKD, run.KeyStart, run.Count, run.KeyLength), v_BKMD = Documents(v_SKD, run.KeyStart, run.Count, run.KeyLength);
        return (Documents(q_THD, run.QueryStart, run.Count, run.QueryLength),
            group == 1 ? k_BKMD : k_BKMD.repeat_interleave(group, dim: 1),
            group == 1 ? v_BKMD : v_BKMD.repeat_interleave(group, dim: 1));
    }

    /// <summary>[T, heads, D] → [count, heads, length, D]; a view where the rows lie together.</summary>
    private static Tensor Documents(Tensor rows_THD, int start, int count, int length) =>
        rows_THD.narrow(0, start, (long)count * length).reshape(count, length, rows_THD.size(1), rows_THD.size(2)).transpose(1, 2);

    private static ScalarType LogSumExpType(Tensor q_THD) => q_THD.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private static Tensor Join(List<Tensor> parts, long[] shape, Tensor like)
    {
        if (parts.Count == 1) return parts[0];
        if (parts.Count == 0) return zeros(shape, dtype: like.dtype, device: like.device);
        Tensor joined = cat(parts, 0);
        foreach (Tensor part in parts) part.Dispose();
        return joined;
    }
}
