using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class LionTests : OptimizerTests
{
    [Theory]
    [InlineData(ScalarType.Float64, 1e-13)]
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 1.0 / 256)]
    public void Step_TenTimes_IsTheScalarAlgorithm(ScalarType dataType, double tolerance)
    {
        var options = (LionOptions)Options();
        AssertFollows(options, (values, _, decays) => new ScalarLion(values, options, decays), dataType, tolerance);
    }

    protected override OptimizerOptions Options(HalfPrecisionUpdates half = default, bool onHost = false) =>
        new LionOptions { Beta1 = 0.8, Beta2 = 0.95, WeightDecay = 0.3, HalfPrecisionUpdates = half, StateOnHost = onHost };
}
