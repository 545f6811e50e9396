using LongContext.Models;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class AdamWTests : OptimizerTests
{
    [Theory]
    [InlineData(ScalarType.Float64, 1e-13)]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 1.0 / 256)]
    public void Step_TenTimes_IsTheScalarAlgorithm(ScalarType dataType, double tolerance)
    {
        var options = (AdamWOptions)Options();
        AssertFollows(options, (values, _, decays) => new ScalarAdamW(values, options, decays), dataType, tolerance);
    }

    [Fact]
    public void Step_GradientOfZero_DecaysMatricesAndLeavesNorms()
    {
        using var parameters = new TestParameters(ScalarType.Float64);
        using Optimizer optimizer = Create(parameters, Options());
        Dictionary<string, double[]> before = parameters.Values;
        foreach (Parameter parameter in parameters.All) parameter.Allocated();
        optimizer.Step(0.1);
        foreach ((string name, double[] values) in parameters.Values)
        {
            double factor = name.Contains("norm", StringComparison.Ordinal) ? 1 : 1 - 0.1 * 0.5;
            TinyModels.AssertClose([.. before[name].Select(x => x * factor)], values, 2e-16, name);
        }
    }

    protected override OptimizerOptions Options(HalfPrecisionUpdates half = default, bool onHost = false) =>
        new AdamWOptions { Beta1 = 0.7, Beta2 = 0.9, Epsilon = 1e-3, WeightDecay = 0.5, HalfPrecisionUpdates = half, StateOnHost = onHost };
}
