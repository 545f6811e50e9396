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

        def causal_attention(q, k, v):
            return torch.scaled_dot_product_attention(q, k, v, None, 0.0, True, scale=None, enable_gqa=True)

        def full_attention(q, k, v):
            return torch.scaled_dot_product_attention(q, k, v, None, 0.0, False, scale=None, enable_gqa=True)

        def masked_attention(q, k, v, mask):
            return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, False, scale=None, enable_gqa=True)

        """);

    /// <summary>∂x of x·σ(x).</summary>
    public static Tensor SiluBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("silu_backward", gradient, x);

    /// <summary>∂x of x·Φ(x).</summary>
    public static Tensor GeluBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("gelu_backward", gradient, x);

    /// <summary>∂x of GELU's approximation by tanh.</summary>
    public static Tensor GeluTanhBackward(Tensor gradient, Tensor x) => (Tensor)Unit.invoke("gelu_tanh_backward", gradient, x);

    /// <summary>Causal attention of q [B, H, L, D] over k and v [B, K, L, D], connected to autograd; consecutive query heads share a key head.</summary>
    public static Tensor CausalAttention(Tensor q, Tensor k, Tensor v) => (Tensor)Unit.invoke("causal_attention", q, k, v);

    /// <summary>As above over k and v [B, K, M, D], every query seeing every key.</summary>
    public static Tensor FullAttention(Tensor q, Tensor k, Tensor v) => (Tensor)Unit.invoke("full_attention", q, k, v);

    /// <summary>As above, a query seeing the keys for which the mask [L, M] is true.</summary>
    public static Tensor MaskedAttention(Tensor q, Tensor k, Tensor v, Tensor mask) => (Tensor)Unit.invoke("masked_attention", q, k, v, mask);
}
