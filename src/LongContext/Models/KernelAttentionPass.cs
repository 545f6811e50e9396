// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A pass whose backward is the kernel's own: no graph, and nothing kept but queries, keys, values, output and log-sum-exp.</summary>
internal sealed class KernelAttentionPass : AttentionPass
{
    private readonly IAttentionBackward kernel;
    private readonly AttentionArguments arguments;
    private readonly Tensor logSumExp_TH;

    private KernelAttentionPass(IAttentionBackward kernel, AttentionArguments arguments, Tensor[] inputs, Tensor output_THD, Tensor logSumExp_TH)
        : base(inputs[0], inputs[1], inputs[2], output_THD)
    {
        this.kernel = kernel;
        this.arguments = arguments;
        this.logSumExp_TH = logSumExp_TH;
    }

    /// <summary>Runs attention, ready for <see cref="Backward"/>. Takes the tensors over.</summary>
    public static KernelAttentionPass Run(IAttentionBackward kernel, Tensor q_THD, Tensor k_TKD, Tensor v_TKD, AttentionArguments arguments)
    {
        (Tensor output_THD, Tensor logSumExp_TH) = kernel.ForwardWithLogSumExp(q_THD, k_TKD, v_TKD, arguments);
        foreach (Tensor kept in new[] { q_THD, k_TKD, v_TKD, output_THD, logSumExp_TH }) kept.DetachFromDisposeScope();
        return new KernelAttentionPass(kernel, arguments, [q_THD, k_TKD, v_TKD], output_THD, logSumExp_TH);
    }

    /// <inheritdoc />
    public override (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) Backward(Tensor gradient_THD) =>
        kernel.Backward(Q_THD, K_TKD, V_TKD, Output_THD, logSumExp_TH, gradient_THD, arguments);

    /// <inheritdoc />
    public override void Dispose()
    {
        base.Dispose();
        logSumExp_TH.Dispose();
    }
}
