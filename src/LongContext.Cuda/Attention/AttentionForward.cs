using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>Launches the forward kernel. Stateless; allocates nothing once the kernel is loaded.</summary>
internal static class AttentionForward
{
    /// <summary>o = softmax(scores) · v and the log-sum-exp of the scores.</summary>
    /// <param name="context">Where.</param>
    /// <param name="plan">What, for this GPU.</param>
    /// <param name="data">Device address of the plan's uploaded <see cref="AttentionPlan.Data"/>.</param>
    /// <param name="q">Queries [tokens, heads, size].</param>
    /// <param name="k">Keys [keys, keyHeads, size].</param>
    /// <param name="v">Values [keys, keyHeads, size].</param>
    /// <param name="o">Takes the output [tokens, heads, size].</param>
    /// <param name="logSumExp">Takes the log-sum-exp, float32 [heads, tokens].</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentException">Rows that the kernels cannot read or write.</exception>
    public static void Launch(
        CudaContext context, AttentionPlan plan, nint data, AttentionRows q, AttentionRows k, AttentionRows v, AttentionRows o, nint logSumExp, nint stream = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(plan);
        AttentionParameters p = AttentionCall.Of(plan, data, q, k, v, o, logSumExp);
        p.Work = plan.ForwardWork.In(data);
        p.Items = plan.ForwardWork.Items;
        TileShape tiles = plan.ForwardTiles;
        context.GetKernel(tiles.Module(plan.Shape.Element), tiles.Entry)
            .Launch(new LaunchShape(p.Items * p.Heads, 1, 1, tiles.Threads, tiles.SharedBytes), stream, p);
    }
}
