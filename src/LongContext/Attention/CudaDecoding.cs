// Shape suffixes: T queries, S keys, H heads, K key/value heads, D head size.
using System.Collections.Concurrent;
using System.Numerics;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// Calls in which each document has a few new queries for many keys, as when a model generates: the keys are split among the GPU's
/// multiprocessors and read once, where the kernels of training would leave most of them idle.
/// </summary>
internal sealed class CudaDecoding
{
    /// <summary>Below this many keys of the longest document there is nothing to split.</summary>
    private const int FewKeys = 128;

    private const int MaxQueries = 16;

    /// <summary>Plans kept: a few kinds of layers, for a few lengths.</summary>
    private const int Capacity = 16;

    private readonly CudaContext context;
    private readonly DecodingAttention attention;
    private readonly ConcurrentDictionary<(CacheElement Element, int HeadSize), bool> loads = new();
    private readonly DevicePlanCache<DecodingShape, DecodingPlan> plans;

    /// <summary>Plans by rounded lengths, newest last. Only the cache above comes here, one call at a time.</summary>
    private readonly List<(DecodingShape Shape, int[] Lengths, DecodingPlan Plan)> planned = [];

    public CudaDecoding(CudaContext context)
    {
        this.context = context;
        attention = new DecodingAttention(context);
        plans = new DevicePlanCache<DecodingShape, DecodingPlan>(Plan);
    }

    /// <summary>Whether a call is of this kind.</summary>
    public static bool IsFor(AttentionArguments arguments)
    {
        if (!arguments.Causal || arguments.QueriesAreKeys) return false;
        int longest = LongestDocument(arguments.CumulativeSequenceLengths.Span);
        return longest is > 0 and <= MaxQueries && LongestDocument(arguments.KeyLengths) >= FewKeys;
    }

    /// <summary>Whether the driver takes the kernels of a type and head size; where not, those of training compute the same.</summary>
    public bool Loads(ScalarType dataType, int headSize) => loads.GetOrAdd(
        (ElementOf(dataType), headSize), key => context.WhyNotLoadable(DecodingAttention.Modules(key.Element, key.HeadSize)) is null);

    /// <summary>The output, into tensors that lie in rows of the kernels' sizes; the scale must be given.</summary>
    public void Run(Tensor q_THD, Tensor k_SKD, Tensor v_SKD, Tensor output_THD, Tensor logSumExp_HT, AttentionArguments arguments)
    {
        int longest = LongestDocument(arguments.CumulativeSequenceLengths.Span);
        var shape = new DecodingShape
        {
            Element = ElementOf(q_THD.dtype),
            Heads = (int)q_THD.size(1), KeyHeads = (int)k_SKD.size(1), HeadSize = (int)q_THD.size(2), MaxQueryTokens = longest, WindowLeft = arguments.SlidingWindow - 1,
        };
        plans.Use(shape, arguments, q_THD.device, (plan, data) =>
        {
            using Tensor workspace = empty([Math.Max(1, plan.WorkspaceBytes)], dtype: ScalarType.Byte, device: q_THD.device);
            int borders = Padded(arguments.CumulativeSequenceLengths.Length);
            attention.Forward(
                new DecodingArguments
                {
                    Query = q_THD.Address(), Keys = k_SKD.Address(), Values = v_SKD.Address(), Output = output_THD.Address(), LogSumExp = logSumExp_HT.Address(),
                    QueryBorders = data, KeyBorders = data + (borders * sizeof(int)), PlanWords = data + (2 * borders * sizeof(int)),
                    Workspace = plan.Slots > 0 ? workspace.Address() : 0, Tokens = (int)q_THD.size(0),
                    QueryStride = Stride(q_THD), KeyStride = Stride(k_SKD), ValueStride = Stride(v_SKD), OutputStride = Stride(output_THD),
                    Scale = (float)arguments.Scale!.Value, SoftCap = (float)(arguments.SoftCap ?? 0),
                },
                plan);
        });
    }

    private (DecodingPlan Plan, int[] Data) Plan(DecodingShape shape, AttentionArguments arguments, Device device)
    {
        ReadOnlySpan<int> queries = arguments.CumulativeSequenceLengths.Span, keys = arguments.KeyLengths;
        var lengths = new int[keys.Length - 1];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = Rounded(keys[i + 1] - keys[i]);
        DecodingPlan plan = PlanOf(shape, lengths);
        int borders = Padded(queries.Length);
        var data = new int[(2 * borders) + plan.Words.Length];
        queries.CopyTo(data);
        keys.CopyTo(data.AsSpan(borders));
        plan.Words.CopyTo(data.AsSpan(2 * borders));
        return (plan, data);
    }

    private DecodingPlan PlanOf(DecodingShape shape, int[] lengths)
    {
        int known = planned.FindIndex(entry => entry.Shape.Equals(shape) && entry.Lengths.AsSpan().SequenceEqual(lengths));
        if (known >= 0) return planned[known].Plan;
        DecodingPlan plan = DecodingPlan.Create(shape, lengths, context.Architecture);
        if (planned.Count == Capacity) planned.RemoveAt(0);
        planned.Add((shape, lengths, plan));
        return plan;
    }

    /// <summary>
    /// Up by at most a sixteenth, or a tile: choosing splits takes milliseconds for long sequences, and each token lengthens them. The kernel deals out
    /// the keys that are there, so that only balance is by the rounded length; which depends on nothing before, so that bits do not either.
    /// </summary>
    private static int Rounded(int length)
    {
        long step = Math.Max(64, BitOperations.RoundUpToPowerOf2((uint)length) / 32);
        return (int)Math.Min(int.MaxValue - 1024, (length + step - 1) / step * step);
    }

    private static CacheElement ElementOf(ScalarType dataType) => dataType == ScalarType.BFloat16 ? CacheElement.BFloat16 : CacheElement.Float16;

    private static int LongestDocument(ReadOnlySpan<int> borders)
    {
        int longest = 0;
        for (int i = 0; i + 1 < borders.Length; i++) longest = Math.Max(longest, borders[i + 1] - borders[i]);
        return longest;
    }

    /// <summary>So that what follows begins at a multiple of 16 bytes.</summary>
    private static int Padded(int length) => (length + 3) & ~3;

    private static int Stride(Tensor x) => x.size(0) > 1 ? (int)x.stride(0) : 0;
}
