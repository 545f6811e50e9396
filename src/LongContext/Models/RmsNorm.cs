// Shape suffixes: T rows (any leading dimensions), E the last dimension.
using LongContext.Kernels;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich 2019, eq. 4): x / √(mean(x²) + ε) · w over the last dimension.</summary>
internal sealed class RmsNorm(Parameter weight, NormShape shape)
{
    private Tensor weight_E => weight.Value;

    /// <summary>The weight, where it trains.</summary>
    public IEnumerable<Parameter> Trained => weight.Trains ? [weight] : [];

    public Tensor Apply(Tensor x_TE) => FusedRmsNorm.Apply(x_TE, weight_E, shape) ?? ApplyByOperators(x_TE);

    /// <summary>x + added, and that normalised.</summary>
    public (Tensor Sum_TE, Tensor Normalised_TE) ApplyToSum(Tensor x_TE, Tensor added_TE)
    {
        if (FusedRmsNorm.ApplyToSum(x_TE, added_TE, weight_E, shape) is { } fused) return fused;
        Tensor sum_TE = x_TE.Plus(added_TE);
        return (sum_TE, ApplyByOperators(sum_TE));
    }

    /// <summary>Adds the weight's gradient where it trains, and returns that of the inputs. Without autograd.</summary>
    /// <remarks>
    /// With n = x·r, r = 1/√(mean(x²) + ε) and u = w·g: ∂w = Σ g·n over rows, ∂x = r·(u − n·mean(u·n)), the mean over the last dimension.
    /// </remarks>
    /// <param name="x_TE">The inputs that <see cref="Apply"/> had.</param>
    /// <param name="gradient_TE">Gradient of what it returned.</param>
    public Tensor Backward(Tensor x_TE, Tensor gradient_TE) => Fused(x_TE, gradient_TE, total_TE: null) ?? BackwardByOperators(x_TE, gradient_TE);

    /// <summary>As <see cref="Backward"/>, with the inputs' gradient added to a tensor of their shape.</summary>
    public void AddBackward(Tensor x_TE, Tensor gradient_TE, Tensor total_TE)
    {
        if (Fused(x_TE, gradient_TE, total_TE) is null) total_TE.AddInPlace(BackwardByOperators(x_TE, gradient_TE));
    }

    private Tensor? Fused(Tensor x_TE, Tensor gradient_TE, Tensor? total_TE) => weight.Trains && weight.GradientType != ScalarType.Float32
        ? null
        : FusedRmsNorm.Backward(x_TE, gradient_TE, weight_E, shape, weight.Trains ? weight.Allocated : null, total_TE);

    private Tensor ApplyByOperators(Tensor x_TE)
    {
        if (x_TE.dtype is ScalarType.Float32 or ScalarType.Float64) return Normalise(x_TE) * Weight(weight_E);

        // Half types are normalised in float32; whether they are cast before or after the weight is the family's, as it was trained.
        Tensor normalised_TE = Normalise(x_TE.to(ScalarType.Float32));
        return shape.WeightInFloat32
            ? (normalised_TE * Weight(weight_E.to(ScalarType.Float32))).to(x_TE.dtype)
            : normalised_TE.to(x_TE.dtype) * Weight(weight_E);
    }

    private Tensor BackwardByOperators(Tensor x_TE, Tensor gradient_TE)
    {
        ScalarType wide = x_TE.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        Tensor x = x_TE.to(wide), gradient = gradient_TE.to(wide);
        Tensor inverse_T1 = InverseRoot(x), normalised_TE = x * inverse_T1;
        if (weight.Trains) weight.AddGradient((gradient * normalised_TE).reshape(-1, weight_E.size(0)).SumOfRows());

        Tensor upstream_TE = gradient * Weight(weight_E.to(wide));
        Tensor mean_T1 = (upstream_TE * normalised_TE).mean([-1], keepdim: true);
        Tensor result_TE = upstream_TE.SubtractInPlace(normalised_TE.mul_(mean_T1)).mul_(inverse_T1);
        return result_TE.to(x_TE.dtype);
    }

    private Tensor Normalise(Tensor x_TE) => x_TE * InverseRoot(x_TE);

    private Tensor InverseRoot(Tensor x_TE) => (x_TE * x_TE).mean([-1], keepdim: true).Plus(shape.Epsilon).rsqrt();

    private Tensor Weight(Tensor given_E) => shape.WeightOffset == 0 ? given_E : given_E.Plus(shape.WeightOffset);
}
