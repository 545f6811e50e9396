using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>A kernel whose backward can be called by itself, so that training needs no autograd graph around it.</summary>
internal interface IAttentionBackward : IAttentionKernel
{
    /// <summary>Gradients of queries, keys and values.</summary>
    /// <param name="q">Queries [T, heads, headDim], as the forward had them.</param>
    /// <param name="k">Keys [S, kvHeads, headDim].</param>
    /// <param name="v">Values [S, kvHeads, headDim].</param>
    /// <param name="output">What <see cref="IAttentionKernel.ForwardWithLogSumExp"/> gave.</param>
    /// <param name="logSumExp">What it gave beside that.</param>
    /// <param name="gradient">Gradient of the output.</param>
    /// <param name="arguments">As the forward had them.</param>
    /// <returns>Shaped and typed as q, k and v; in the caller's dispose scope.</returns>
    (Tensor Q, Tensor K, Tensor V) Backward(Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSumExp, Tensor gradient, AttentionArguments arguments);
}
