// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Attention over a pack for some heads, and what its backward needs: a piece of autograd's graph that holds nothing else.</summary>
internal sealed class AttentionPass : IDisposable
{
    private readonly Tensor q_THD;
    private readonly Tensor k_TKD;
    private readonly Tensor v_TKD;

    private AttentionPass(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, Tensor output_THD)
    {
        this.q_THD = q_THD;
        this.k_TKD = k_TKD;
        this.v_TKD = v_TKD;
        Output_THD = output_THD;
    }

    /// <summary>What attention gives; not connected to anything.</summary>
    public Tensor Output_THD { get; }

    /// <summary>Runs attention, ready for <see cref="Backward"/>. Takes the tensors over.</summary>
    public static AttentionPass Run(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, Func<Tensor, Tensor, Tensor, Tensor> attend)
    {
        Tensor[] leaves = [q_THD, k_TKD, v_TKD];
        foreach (Tensor leaf in leaves) leaf.requires_grad_(true);
        using var gradient = enable_grad();
        Tensor output_THD = attend(q_THD, k_TKD, v_TKD).DetachFromDisposeScope();
        foreach (Tensor leaf in leaves) leaf.DetachFromDisposeScope();
        return new AttentionPass(q_THD, k_TKD, v_TKD, output_THD);
    }

    /// <summary>Gradients of queries, keys and values, as they went into attention. Only once.</summary>
    public (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) Backward(Tensor gradient_THD)
    {
        IList<Tensor> gradients = autograd.grad([Output_THD], [q_THD, k_TKD, v_TKD], [gradient_THD]);
        return (gradients[0], gradients[1], gradients[2]);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Output_THD.Dispose();
        q_THD.Dispose();
        k_TKD.Dispose();
        v_TKD.Dispose();
    }
}
