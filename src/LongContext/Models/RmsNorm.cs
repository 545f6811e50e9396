using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019, eq. 4): x / √(mean(x²) + ε) · w over the last dimension.</summary>
internal sealed class RmsNorm(Tensor weight_E, NormShape shape)
{
    public Tensor Apply(Tensor x_TE)
    {
        if (x_TE.dtype is ScalarType.Float32 or ScalarType.Float64) return Normalise(x_TE) * Weight(weight_E);

        // Half types are normalised in float32; whether they are cast before or after the weight is the family's, as it was trained.
        Tensor normalised_TE = Normalise(x_TE.to(ScalarType.Float32));
        return shape.WeightInFloat32
            ? (normalised_TE * Weight(weight_E.to(ScalarType.Float32))).to(x_TE.dtype)
            : normalised_TE.to(x_TE.dtype) * Weight(weight_E);
    }

    private Tensor Normalise(Tensor x_TE) => x_TE * (x_TE * x_TE).mean([-1], keepdim: true).Plus(shape.Epsilon).rsqrt();

    private Tensor Weight(Tensor weight_E) => shape.WeightOffset == 0 ? weight_E : weight_E.Plus(shape.WeightOffset);
}
