// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Takes a layer's queries, keys and values before they are rotated, and does the rest up to attention's output: what stands in for a cache of one sequence.</summary>
internal interface ILayerAttention
{
    /// <summary>Attention of the call's tokens over what is kept of earlier ones and themselves.</summary>
    /// <param name="layer">The layer's index.</param>
    /// <param name="rotaryKind">Which rotary rows it uses; <see cref="RotaryEmbedding.NoPositions"/> for none.</param>
    /// <param name="q_THD">Queries; may be overwritten.</param>
    /// <param name="k_TKD">Keys; may be overwritten.</param>
    /// <param name="v_TKD">Values.</param>
    /// <param name="kernel">Computes plain attention.</param>
    /// <param name="arguments">The layer's window, soft cap and scale; borders are the implementation's to set.</param>
    /// <returns>[T, H, D].</returns>
    Tensor Attend(int layer, int rotaryKind, Tensor q_THD, Tensor k_TKD, Tensor v_TKD, IAttentionKernel kernel, AttentionArguments arguments);
}
