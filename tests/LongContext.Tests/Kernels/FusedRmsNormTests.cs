using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedRmsNormTests
{
    public static TheoryData<ScalarType, string, bool, double> Cases()
    {
        var cases = new TheoryData<ScalarType, string, bool, double>();
        foreach (ScalarType type in new[] { ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32 })
        {
            foreach (string layout in new[] { "whole", "odd", "slice", "heads", "one" }) cases.Add(type, layout, layout is "odd" or "heads", layout == "slice" ? 1 : 0);
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Apply_AnyLayout_IsAsGoodAsOperators(ScalarType type, string layout, bool weightInFloat32, double offset)
    {
        using var scope = NewDisposeScope();
        var shape = new NormShape(1e-5, offset, weightInFloat32);
        Tensor x = Input(layout, type, seed: 1), added = Input(layout, type, seed: 2), weight = Values([x.shape[^1]], type, seed: 3);
        RmsNorm norm = new(new Parameter("w", weight), shape), wide = new(new Parameter("w", Wide(weight)), shape);
        Tensor fused = EmulatedKernels.Run("rms_norm_forward", () => norm.Apply(x));
        Closeness.Assert(fused, norm.Apply(x), wide.Apply(Wide(x)), $"{type}, {layout}");

        (Tensor sum, Tensor normalised) = EmulatedKernels.Run("rms_norm_forward", () => norm.ApplyToSum(x, added));
        (Tensor expectedSum, Tensor expected) = norm.ApplyToSum(x, added);
        Assert.Equal(TinyModels.Doubles(expectedSum), TinyModels.Doubles(sum));
        Closeness.Assert(normalised, expected, wide.Apply(Wide(expectedSum)), $"{type}, {layout}, of a sum");
    }

    [Theory, MemberData(nameof(Cases))]
    public void Backward_AnyLayout_IsAsGoodAsOperators(ScalarType type, string layout, bool weightInFloat32, double offset)
    {
        using var scope = NewDisposeScope();
        var shape = new NormShape(1e-5, offset, weightInFloat32);
        Tensor x = Input(layout, type, seed: 4), gradient = Input(layout, type, seed: 5), total = Input(layout, type, seed: 6), weight = Values([x.shape[^1]], type, seed: 7);
        Parameter byKernel = new("w", weight) { Trains = true }, byOperators = new("w", weight) { Trains = true }, inDouble = new("w", Wide(weight)) { Trains = true };
        RmsNorm norm = new(byKernel, shape), operators = new(byOperators, shape), wide = new(inDouble, shape);
        Tensor fused = EmulatedKernels.Run("rms_norm_backward", () => norm.Backward(x, gradient));
        Tensor truth = wide.Backward(Wide(x), Wide(gradient));
        Closeness.Assert(fused, operators.Backward(x, gradient), truth, $"{type}, {layout}");

        // Into a sum of gradients, and a second time into the weight's.
        Tensor fusedTotal = total.clone(), operatorsTotal = total.clone(), wideTotal = Wide(total);
        EmulatedKernels.Run("rms_norm_weight", () =>
        {
            norm.AddBackward(x, gradient, fusedTotal);
            return true;
        });
        operators.AddBackward(x, gradient, operatorsTotal);
        wide.AddBackward(Wide(x), Wide(gradient), wideTotal);
        Closeness.Assert(fusedTotal, operatorsTotal, wideTotal, $"{type}, {layout}, added");
        Closeness.Assert(byKernel.Gradient!, byOperators.Gradient!, inDouble.Gradient!, $"{type}, {layout}, of the weight", roundings: 20);
        foreach (Parameter parameter in new[] { byKernel, byOperators, inDouble }) parameter.ReleaseGradient();
    }

    [Fact]
    public void Apply_OfWhatAutogradRecordsOrFloat64_IsLeftToOperators()
    {
        using var scope = NewDisposeScope();
        var shape = new NormShape(1e-5);
        Tensor x = Values([3, 16], ScalarType.Float32, 1), weight = Values([16], ScalarType.Float32, 2);
        using var kernels = new EmulatedKernels();
        Tensor y = new RmsNorm(new Parameter("w", weight), shape).Apply(x.clone().requires_grad_(true));
        Assert.True(y.requires_grad);
        new RmsNorm(new Parameter("w", Wide(weight)), shape).Apply(Wide(x));
        Assert.Empty(kernels.Launches);
        using var noGradient = no_grad();
        new RmsNorm(new Parameter("w", weight), shape).Apply(x.clone().requires_grad_(true));
        Assert.NotEmpty(kernels.Launches);
    }

    internal static Tensor Values(long[] shape, ScalarType type, int seed, double scale = 1)
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble())))];
        return tensor(values, shape).to(type);
    }

    internal static Tensor Wide(Tensor x) => x.to(ScalarType.Float64);

    private static Tensor Input(string layout, ScalarType type, int seed) => layout switch
    {
        "whole" => Values([9, 128], type, seed),
        "odd" => Values([5, 37], type, seed),
        "slice" => Values([7, 200], type, seed).narrow(1, 56, 96),
        "heads" => Values([6, 5 * 64], type, seed).narrow(1, 64, 3 * 64).reshape(6, 3, 64),
        _ => Values([1, 3], type, seed),
    };
}
