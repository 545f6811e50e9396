using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>Launches the plain, slow kernels that the tiled ones are held against on a GPU.</summary>
internal static class AttentionReference
{
    private const int Threads = 128, Warps = 4;

    /// <summary>As <see cref="AttentionForward.Launch"/>.</summary>
    public static void Forward(
        CudaContext context, AttentionPlan plan, nint data, AttentionRows q, AttentionRows k, AttentionRows v, AttentionRows o, nint logSumExp, nint stream = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(plan);
        AttentionParameters p = AttentionCall.Of(plan, data, q, k, v, o, logSumExp);
        Launch(context, plan, "forward", "attention_reference_forward", (long)plan.Tokens * p.Heads, p, stream);
    }

    /// <summary>As <see cref="AttentionBackward.Launch"/>, without a workspace.</summary>
    public static void Backward(
        CudaContext context, AttentionPlan plan, nint data, AttentionRows q, AttentionRows k, AttentionRows v, AttentionRows o, nint logSumExp,
        in AttentionGradients gradients, nint stream = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(plan);
        AttentionParameters p = AttentionCall.Of(plan, data, q, k, v, o, logSumExp);
        AttentionCall.AddGradients(ref p, plan, gradients);
        Launch(context, plan, "backward", "attention_reference_backward_queries", (long)plan.Tokens * p.Heads, p, stream);
        Launch(context, plan, "backward", "attention_reference_backward_keys", (long)plan.Keys * p.KeyHeads, p, stream);
    }

    private static void Launch(CudaContext context, AttentionPlan plan, string module, string entry, long rows, in AttentionParameters p, nint stream)
    {
        string element = plan.Shape.Element == AttentionElement.BFloat16 ? "bf16" : "f16";
        context.GetKernel($"sm_80/attention_reference_{module}_{element}", entry)
            .Launch(new LaunchShape(checked((int)((rows + Warps - 1) / Warps)), Threads), stream, p);
    }
}
