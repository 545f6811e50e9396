using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// libtorch's fused AdamW, which TorchSharp does not show: one pass over the memory, on the CPU by all threads, on a GPU in one
/// kernel. Measured at 40 million float32 values on 2 cores: 17 ms a step, where TorchSharp's optimizer takes 460 ms.
/// </summary>
internal static class FusedAdamW
{
    // Tensors come in lists, because the compiler takes a list it makes itself for memory that nobody reads, and drops the call.
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile(
        """
        def step(weights: List[Tensor], gradients: List[Tensor], means: List[Tensor], squares: List[Tensor], none: List[Tensor], steps: List[Tensor],
                 rate: float, beta1: float, beta2: float, decay: float, epsilon: float):
            torch._fused_adamw_(weights, gradients, means, squares, none, steps, lr=rate, beta1=beta1, beta2=beta2,
                                weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False)

        """));

    /// <summary>w −= rate·decay·w; m += (1 − β1)·(g − m); v = β2·v + (1 − β2)·g²; w −= rate/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).</summary>
    public static void Step(
        Tensor weight, Tensor gradient, Tensor mean, Tensor meanOfSquares, long update, double rate, double beta1, double beta2, double decay, double epsilon)
    {
        using Tensor step = TensorArithmetic.Filled([], update, ScalarType.Float32, weight.device);
        using Scalar rateScalar = rate.ToScalar(), first = beta1.ToScalar(), second = beta2.ToScalar(), decayScalar = decay.ToScalar(), epsilonScalar = epsilon.ToScalar();
        Script.Value.invoke(
            "step", new[] { weight }, new[] { gradient }, new[] { mean }, new[] { meanOfSquares }, Array.Empty<Tensor>(), new[] { step },
            rateScalar, first, second, decayScalar, epsilonScalar);
    }
}
