using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class SquaredNormTests
{
    [Theory]
    [InlineData(ScalarType.Float64, 2e-12)] // what the sum here, one after the other, may lose itself
    [InlineData(ScalarType.Float32, 1e-6)]
    [InlineData(ScalarType.BFloat16, 1e-6)]
    public void Of_AnyNumberOfValues_IsTheSumOfTheirSquares(ScalarType dataType, double tolerance)
    {
        foreach (int count in new[] { 1, 100, 4095, 4096, 4097, 3 * 4096 + 5 })
        {
            using var scope = NewDisposeScope();
            using var generator = new Generator((ulong)count);
            Tensor values = rand(count, generator: generator).to(dataType);
            Assert.Equal(1, TinyModels.Doubles(SquaredNorm.Of(values))[0] / TinyModels.Doubles(values).Sum(x => x * x), tolerance);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Of_MillionsOfValues_LosesNoDigits(ScalarType dataType)
    {
        using Tensor values = TensorArithmetic.Filled([4097, 4099], 0.75, dataType, CPU), turned = values.t(), sum = SquaredNorm.Of(turned);
        Assert.Equal(1, TinyModels.Doubles(sum)[0] / (4097.0 * 4099 * 0.75 * 0.75), 1e-6);
    }
}
