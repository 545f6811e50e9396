// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A pass whose backward is autograd's: a piece of its graph that holds nothing else.</summary>
internal sealed class AutogradAttentionPass : AttentionPass
{
    private AutogradAttentionPass(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, Tensor output_THD)
        : base(q_THD, k_TKD, v_TKD, output_THD)
    {
    }

    /// <summary>Runs attention, ready for <see cref="Backward"/>. Takes the tensors over.</summary>
    public static AutogradAttentionPass Run(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, Func<Tensor, Tensor, Tensor, Tensor> attend)
    {
        Tensor[] leaves = [q_THD, k_TKD, v_TKD];
        foreach (Tensor leaf in leaves) leaf.requires_grad_(true);
        using var gradient = enable_grad();
        Tensor output_THD = attend(q_THD, k_TKD, v_TKD).DetachFromDisposeScope();
        foreach (Tensor leaf in leaves) leaf.DetachFromDisposeScope();
        return new AutogradAttentionPass(q_THD, k_TKD, v_TKD, output_THD);
    }

    /// <inheritdoc />
    public override (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) Backward(Tensor gradient_THD)
    {
        IList<Tensor> gradients = autograd.grad([Output_THD], [Q_THD, K_TKD, V_TKD], [gradient_THD]);
        return (gradients[0], gradients[1], gradients[2]);
    }
}
