using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// Attention over packs: documents lie one after another in one row, and no token sees another document.
/// Implementations may be shared by models and threads.
/// </summary>
public interface IAttentionKernel
{
    /// <summary>Short name for logs, for example <c>libtorch</c>.</summary>
    string Name { get; }

    /// <summary>Says why this kernel cannot run such a call; null when it can.</summary>
    /// <param name="device">Where the tensors lie.</param>
    /// <param name="dataType">Type of q, k and v.</param>
    /// <param name="headDimension">Size of a head.</param>
    /// <param name="arguments">The call's arguments.</param>
    string? WhyNot(Device device, ScalarType dataType, int headDimension, AttentionArguments arguments);

    /// <summary>softmax(scale · q·kᵀ, masked) · v for each document, connected to autograd when that is on.</summary>
    /// <param name="q">Queries [T, heads, headDim].</param>
    /// <param name="k">Keys [S, kvHeads, headDim]; heads must be a multiple of kvHeads, each shared by a group of consecutive heads.</param>
    /// <param name="v">Values, shaped as the keys.</param>
    /// <param name="arguments">Borders, mask and scale.</param>
    /// <returns>Output [T, heads, headDim].</returns>
    /// <exception cref="ArgumentException">Shapes and borders do not belong together; the message names which.</exception>
    Tensor Forward(Tensor q, Tensor k, Tensor v, AttentionArguments arguments);

    /// <summary>As <see cref="Forward"/>, with ln Σ exp(score) of each query and head; not connected to autograd.</summary>
    /// <param name="q">Queries [T, heads, headDim].</param>
    /// <param name="k">Keys [S, kvHeads, headDim].</param>
    /// <param name="v">Values [S, kvHeads, headDim].</param>
    /// <param name="arguments">Borders, mask and scale.</param>
    /// <returns>Output [T, heads, headDim] and log-sum-exp [T, heads] in float32 (float64 for float64 input).</returns>
    (Tensor Output, Tensor LogSumExp) ForwardWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionArguments arguments);
}
