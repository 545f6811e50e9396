using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Activations by their names in config files.</summary>
internal static class Activations
{
    /// <exception cref="NotSupportedException">A name that is none of these.</exception>
    public static Activation Parse(string name) => name switch
    {
        "silu" or "swish" => Activation.Silu,
        "gelu" => Activation.Gelu,
        "gelu_pytorch_tanh" or "gelu_new" or "gelu_fast" => Activation.GeluTanh,
        "relu" => Activation.Relu,
        _ => throw new NotSupportedException(
            $"config.json: the activation (hidden_act or hidden_activation) is '{name}'; supported are silu, swish, gelu, gelu_pytorch_tanh, gelu_new, gelu_fast and relu."),
    };

    public static Tensor Apply(Activation activation, Tensor x) => activation switch
    {
        Activation.Silu => x.silu(),
        Activation.Gelu => x.gelu(),
        Activation.GeluTanh => GeluTanh(x),
        _ => x.relu(),
    };

    /// <summary>The gradient of x from that of the result.</summary>
    public static Tensor Backward(Activation activation, Tensor x, Tensor gradient) => activation switch
    {
        Activation.Silu => NativeOperators.SiluBackward(gradient, x),
        Activation.Gelu => NativeOperators.GeluBackward(gradient, x),
        Activation.GeluTanh => NativeOperators.GeluTanhBackward(gradient, x),
        _ => gradient * x.gt(zeros_like(x)),
    };

    /// <summary>½x·(1 + tanh(√(2/π)·(x + 0.044715x³))) (Hendrycks and Gimpel 2016, arXiv:1606.08415, §2).</summary>
    private static Tensor GeluTanh(Tensor x)
    {
        // In half types each step would round; libtorch's own kernel does not, which TorchSharp does not expose.
        Tensor wide = x.dtype is ScalarType.Float32 or ScalarType.Float64 ? x : x.to(ScalarType.Float32);
        Tensor inner = wide.Plus((wide * wide * wide).Times(0.044715)).Times(Math.Sqrt(2 / Math.PI));
        Tensor result = wide.Times(0.5) * inner.tanh().Plus(1);
        return result.dtype == x.dtype ? result : result.to(x.dtype);
    }
}
