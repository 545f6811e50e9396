using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019, eq. 4): x / √(mean(x²) + ε) · w over the last dimension.</summary>
internal static class RmsNorm
{
    public static Tensor Apply(Tensor x_TE, Tensor weight_E, double epsilon)
    {
        // Half types are normalised in float32 and cast before the weight, as the checkpoints were trained.
        if (x_TE.dtype is ScalarType.Float32 or ScalarType.Float64)
            return x_TE * (x_TE.square().mean([-1], keepdim: true) + epsilon).rsqrt() * weight_E;
        Tensor wide_TE = x_TE.to(ScalarType.Float32);
        Tensor normalised_TE = wide_TE * (wide_TE.square().mean([-1], keepdim: true) + epsilon).rsqrt();
        return normalised_TE.to(x_TE.dtype) * weight_E;
    }
}
