using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>Launches the backward kernels. Stateless; allocates nothing once they are loaded.</summary>
internal static class AttentionBackward
{
    private const int PrepareThreads = 256, FinishThreads = 128;

    /// <summary>The workspace begins at a multiple of this many bytes.</summary>
    public const long Alignment = 256;

    private static readonly string[] Ends = ["sm_80/attention_backward_ends_bf16", "sm_80/attention_backward_ends_f16"];

    /// <summary>The module of what comes before and after the kernel by keys.</summary>
    public static string EndsModule(AttentionElement element) => Ends[(int)element];

    /// <summary>Bytes of device memory that a backward pass needs besides its tensors: delta, the log-sum-exp in base 2, the sums of ∂q.</summary>
    public static long WorkspaceBytes(AttentionPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return (2 * RowBytes(plan)) + SumBytes(plan);
    }

    /// <summary>∂q, ∂k and ∂v from ∂o and what the forward pass read and wrote.</summary>
    /// <param name="context">Where.</param>
    /// <param name="plan">What, for this GPU, made with backward.</param>
    /// <param name="data">Device address of the plan's uploaded <see cref="AttentionPlan.Data"/>.</param>
    /// <param name="q">Queries [tokens, heads, size].</param>
    /// <param name="k">Keys [keys, keyHeads, size].</param>
    /// <param name="v">Values [keys, keyHeads, size].</param>
    /// <param name="o">The forward pass's output [tokens, heads, size].</param>
    /// <param name="logSumExp">The forward pass's log-sum-exp, float32 [heads, tokens].</param>
    /// <param name="gradients">∂o, and where ∂q, ∂k and ∂v go.</param>
    /// <param name="workspace">Device memory of <see cref="WorkspaceBytes"/>, a multiple of 256 bytes.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentException">Rows that the kernels cannot read or write, or a plan without backward.</exception>
    public static unsafe void Launch(
        CudaContext context, AttentionPlan plan, nint data, AttentionRows q, AttentionRows k, AttentionRows v, AttentionRows o, nint logSumExp,
        in AttentionGradients gradients, nint workspace, nint stream = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.KeyTiles is not { } keyTiles) throw new ArgumentException("The plan was made without backward.", nameof(plan));
        AttentionShape shape = plan.Shape;
        AttentionParameters p = AttentionCall.Of(plan, data, q, k, v, o, logSumExp);
        AttentionCall.AddGradients(ref p, plan, gradients);
        long sumBytes = SumBytes(plan);
        if (WorkspaceBytes(plan) > 0) AttentionCall.CheckAddress(workspace, (int)Alignment, nameof(workspace));

        p.Delta = workspace;
        p.LogSumExp2 = workspace + (nint)RowBytes(plan);
        p.GradientQSum = sumBytes > 0 ? workspace + (nint)(2 * RowBytes(plan)) : 0;
        p.SumRows = keyTiles.QueryRows;

        string ends = Ends[(int)shape.Element];
        int lanes = PrepareLanes(shape.HeadSize);
        long rows = (long)plan.Tokens * shape.Heads;
        int prepareBlocks = checked((int)(((rows * lanes) + PrepareThreads - 1) / PrepareThreads));
        context.GetKernel(ends, "attention_backward_prepare").Launch(new LaunchShape(prepareBlocks, PrepareThreads), stream, p);
        if (sumBytes > 0)
        {
            using CurrentContext current = context.Enter();
            CudaException.ThrowIfFailed(context.Driver, context.Driver.MemorySet(p.GradientQSum, 0, (nuint)sumBytes, stream), "cuMemsetD8Async");
        }

        p.Work = plan.KeyWork.In(data);
        p.Items = plan.KeyWork.Items;
        if (keyTiles is HopperTileShape hopperKeys)
        {
            HopperAttention.BackwardKeys(context, plan, data, hopperKeys, p, stream);
        }
        else
        {
            context.GetKernel(keyTiles.Module(shape.Element), keyTiles.Entry)
                .Launch(new LaunchShape(p.Items * p.KeyHeads, 1, 1, keyTiles.Threads, keyTiles.SharedBytes), stream, p);
        }

        p.Work = plan.QueryWork.In(data);
        p.Items = plan.QueryWork.Items;
        if (plan.QueryTiles is HopperTileShape hopperQueries)
        {
            HopperAttention.BackwardQueries(context, plan, data, hopperQueries, p, stream);
        }
        else if (plan.QueryTiles is { } queryTiles)
        {
            context.GetKernel(queryTiles.Module(shape.Element), queryTiles.Entry)
                .Launch(new LaunchShape(p.Items * p.Heads, 1, 1, queryTiles.Threads, queryTiles.SharedBytes), stream, p);
        }
        else
        {
            context.GetKernel(ends, "attention_backward_finish").Launch(new LaunchShape(p.Items * p.Heads, FinishThreads), stream, p);
        }
    }

    /// <summary>Threads for a head's row in the preparing kernel: the next power of two from its 16-byte chunks.</summary>
    private static int PrepareLanes(int headSize) => headSize <= 64 ? 8 : headSize <= 128 ? 16 : 32;

    private static long RowBytes(AttentionPlan plan) => Aligned((long)plan.Shape.Heads * plan.Tokens * sizeof(float));

    private static long SumBytes(AttentionPlan plan) =>
        plan.KeyTiles is { } tiles ? Aligned((long)plan.SumTiles * plan.Shape.Heads * tiles.QueryRows * tiles.HeadSize * sizeof(float)) : 0;

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
