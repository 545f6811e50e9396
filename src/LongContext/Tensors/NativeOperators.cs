using static TorchSharp.torch;

namespace LongContext.Tensors;

/// <summary>libtorch's operators that TorchSharp has no method for, reached through TorchScript.</summary>
internal static class NativeOperators
{
    private static readonly jit.CompilationUnit Unit = jit.compile(
        """
        def silu_backward(gradient, x):
            return torch.silu_backward(gradient, x)

        def gelu_backward(gradient, x):
            return torch.gelu_backward(gradient, x, approximate="none")

        def gelu_tanh_backward(gradient, x):
            return torch.gelu_backward(gradient, x, approximate="tanh")

        """);

    /// <summary>∂x of x·σ(x).</summary>
    public static Tensor SiluBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("silu_backward", gradient, x);

    /// <summary>∂x of x·Φ(x).</summary>
    public static Tensor GeluBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("gelu_backward", gradient, x);

    /// <summary>∂x of GELU's approximation by tanh.</summary>
    public static Tensor GeluTanhBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("gelu_tanh_backward", gradient, x);
}
