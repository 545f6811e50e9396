// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Attention over a pack for some heads, and what its backward needs. Owns the tensors it is given.</summary>
internal abstract class AttentionPass(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, Tensor output_THD) : IDisposable
{
    /// <summary>What attention gives; not connected to anything outside.</summary>
    public Tensor Output_THD { get; } = output_THD;

    protected Tensor Q_THD { get; } = q_THD;

    protected Tensor K_TKD { get; } = k_TKD;

    protected Tensor V_TKD { get; } = v_TKD;

    /// <summary>Gradients of queries, keys and values, as they went into attention. Only once.</summary>
    public abstract (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) Backward(Tensor gradient_THD);

    /// <inheritdoc />
    public virtual void Dispose()
    {
        Output_THD.Dispose();
        Q_THD.Dispose();
        K_TKD.Dispose();
        V_TKD.Dispose();
    }
}
