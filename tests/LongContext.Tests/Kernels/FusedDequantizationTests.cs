using LongContext.Models;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedDequantizationTests
{
    public static TheoryData<WeightQuantization, ScalarType, int, int> Cases()
    {
        var cases = new TheoryData<WeightQuantization, ScalarType, int, int>();
        foreach (WeightQuantization format in new[] { WeightQuantization.Nf4, WeightQuantization.Nf4DoubleQuantized, WeightQuantization.EightBit })
        {
            foreach (ScalarType type in new[] { ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32 })
            {
                cases.Add(format, type, 9, 128);
                cases.Add(format, type, 5, 67);
            }
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Dequantize_AnyRows_HasTheHostsBits(WeightQuantization format, ScalarType type, int rows, int columns)
    {
        using var scope = NewDisposeScope();
        using QuantizedWeight weight = WeightQuantizer.Quantize(FusedRmsNormTests.Values([rows, columns], ScalarType.Float32, seed: 1), format, CPU, "w");
        foreach ((long first, long count) in new[] { (0L, (long)rows), (0L, 1L), (3L, rows - 3L) })
        {
            Tensor expected = weight.Dequantize(first, count, type), actual = EmulatedKernels.Run("dequantize", () => weight.Dequantize(first, count, type));
            Assert.Equal(expected.shape, actual.shape);
            Assert.Equal(type, actual.dtype);
            Assert.True(expected.contiguous().bytes.SequenceEqual(actual.bytes), $"{format}, {type}: rows {first} to {first + count} differ");
        }

        weight.Codes.Dispose();
    }

    [Fact]
    public void Dequantize_OfNoRowsOrIntoFloat64_IsLeftToOperators()
    {
        using var scope = NewDisposeScope();
        using var kernels = new EmulatedKernels();
        using QuantizedWeight weight = WeightQuantizer.Quantize(FusedRmsNormTests.Values([3, 64], ScalarType.Float32, seed: 1), WeightQuantization.Nf4, CPU, "w");
        Assert.Equal([0, 64], weight.Dequantize(1, 0, ScalarType.Float32).shape);
        Assert.Equal(ScalarType.Float64, weight.Dequantize(ScalarType.Float64).dtype);
        Assert.Empty(kernels.Launches);
        weight.Codes.Dispose();
    }
}
