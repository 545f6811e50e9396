using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using LongContext.Tests.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>NF4 and 8-bit weights against their definitions, value by value.</summary>
public sealed class QuantizationTests
{
    private static readonly float[] Codebook = Nf4Codebook.Values.ToArray();

    [Fact]
    public void Nf4Codebook_Values_AreTheNormalDistributionsQuantiles()
    {
        // arXiv:2305.14314, §3 and appendix E: δ = (1/32 + 1/30)/2; eight quantiles from ½ to 1 − δ, seven from δ to ½, and zero, over the largest.
        double offset = 1 - ((1 / 32.0 + 1 / 30.0) / 2), largest = NormalQuantile(offset);
        IEnumerable<double> positive = Enumerable.Range(0, 8).Select(i => NormalQuantile(offset + ((0.5 - offset) * i / 8)));
        IEnumerable<double> negative = Enumerable.Range(0, 7).Select(i => -NormalQuantile(offset + ((0.5 - offset) * i / 7)));
        double[] expected = [.. positive.Concat(negative).Append(0).Select(value => value / largest).Order()];
        Assert.Equal(16, Codebook.Length);
        for (int i = 0; i < 16; i++) Assert.Equal(expected[i], Codebook[i], 1e-6);
    }

    [Fact]
    public void DynamicCodebook_Values_AreSevenDecadesOfFractions()
    {
        float[] values = DynamicCodebook.Values;
        Assert.Equal(256, values.Distinct().Count());
        Assert.Equal(values.Order(), values);
        Assert.Contains(0f, values);
        Assert.Equal(1f, values[^1]);
        for (int decade = 0; decade < 7; decade++)
        {
            double unit = Math.Pow(10, -decade);
            float[] within = [.. values.Where(value => value > 0.1 * unit && value < unit)];
            Assert.Equal(64 >> decade, within.Length);
            Assert.Equal(0.55 * unit, within.Average(), unit * 1e-6);
        }
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(37, 128)]
    [InlineData(5, 100)]
    [InlineData(3, 65)]
    [InlineData(7, 1)]
    [InlineData(300, 192)]
    public void Nf4_AnyShape_IsTheNearestCodeTimesTheBlocksMagnitude(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Random(rows, columns);
        float[] values = weight.data<float>().ToArray();
        using QuantizedWeight quantized = WeightQuantizer.Quantize(weight, WeightQuantization.Nf4, CPU, "w").OwnedBy(scope);
        float[] actual = quantized.Dequantize(ScalarType.Float32).contiguous().data<float>().ToArray();
        for (int row = 0; row < rows; row++)
        {
            for (int start = 0; start < columns; start += 64)
            {
                Span<float> block = values.AsSpan((row * columns) + start, Math.Min(64, columns - start));
                float magnitude = 0;
                foreach (float value in block) magnitude = Math.Max(magnitude, Math.Abs(value));
                for (int i = 0; i < block.Length; i++)
                {
                    double scaled = magnitude == 0 ? 0 : block[i] / (double)magnitude;
                    float got = actual[(row * columns) + start + i];
                    float code = Codebook.MinBy(candidate => Math.Abs(candidate - scaled));
                    // A value on the border of two codes may take either.
                    Assert.True(got == code * magnitude || Math.Abs(Math.Abs((got / magnitude) - scaled) - Math.Abs(code - scaled)) < 1e-6, $"{block[i]} became {got}, expected {code * magnitude}");
                }
            }
        }
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    [InlineData(WeightQuantization.FourBit)]
    [InlineData(WeightQuantization.Float8)]
    public void Dequantize_RangesOfRows_AreThoseOfTheWhole(WeightQuantization kind)
    {
        foreach (int columns in new[] { 64, 100, 192 })
        {
            using var scope = NewDisposeScope();
            using QuantizedWeight quantized = WeightQuantizer.Quantize(Random(301, columns), kind, CPU, "w").OwnedBy(scope);
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float64 })
            {
                Tensor whole = quantized.Dequantize(type);
                Assert.Equal(type, whole.dtype);
                Assert.Equal([301, columns], whole.shape);
                foreach ((long start, long count) in new[] { (0L, 1L), (300L, 1L), (85L, 130L), (256L, 45L), (0L, 301L) })
                    Assert.True(whole.narrow(0, start, count).Equals(quantized.Dequantize(start, count, type)), $"{kind}, {columns} columns, {type}, rows {start} + {count}");
            }
        }
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    public void DequantizeByTensors_AnyType_GivesTheBitsOfTheHostsWay(WeightQuantization kind)
    {
        foreach (int columns in new[] { 1, 64, 65, 192 })
        {
            using var scope = NewDisposeScope();
            using var quantized = (Nf4Weight)WeightQuantizer.Quantize(Random(301, columns), kind, CPU, "w").OwnedBy(scope);
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64 })
            {
                Assert.True(quantized.Dequantize(type).Equals(quantized.DequantizeByTensors(0, 301, type)), $"{columns} columns, {type}");
                Assert.True(quantized.Dequantize(85, 130, type).Equals(quantized.DequantizeByTensors(85, 130, type)), $"{columns} columns, {type}, some rows");
            }
        }
    }

    [Fact]
    public void Nf4DoubleQuantized_Magnitudes_AreWithinTheCodesSteps()
    {
        using var scope = NewDisposeScope();
        float[] magnitudes = Random(1, 1000).abs().data<float>().ToArray();
        using Nf4Magnitudes quantized = Nf4Magnitudes.Quantized(magnitudes, CPU);
        float[] actual = quantized.Read(0, 1000).data<float>().ToArray();
        float mean = (float)magnitudes.Average(value => (double)value);
        for (int i = 0; i < 1000; i++)
        {
            float[] group = magnitudes[(i / 256 * 256)..Math.Min(1000, (i / 256 * 256) + 256)];
            float largest = group.Max(value => Math.Abs(value - mean));
            double scaled = (magnitudes[i] - mean) / (double)largest, expected = (DynamicCodebook.Values.MinBy(value => Math.Abs(value - scaled)) * (double)largest) + mean;
            Assert.Equal(expected, actual[i], 1e-5 * largest);
            Assert.True(Math.Abs(actual[i] - magnitudes[i]) <= largest * 0.0075, $"{magnitudes[i]} became {actual[i]}"); // the widest half step
        }
    }

    [Fact]
    public void EightBit_AnyValue_IsWithinHalfAStep()
    {
        using var scope = NewDisposeScope();
        Tensor weight = Random(50, 77);
        using QuantizedWeight quantized = WeightQuantizer.Quantize(weight, WeightQuantization.EightBit, CPU, "w").OwnedBy(scope);
        float[] values = weight.data<float>().ToArray(), actual = quantized.Dequantize(ScalarType.Float32).data<float>().ToArray();
        for (int row = 0; row < 50; row++)
        {
            float step = values[(row * 77)..((row + 1) * 77)].Max(Math.Abs) / 127;
            for (int i = row * 77; i < (row + 1) * 77; i++) Assert.True(Math.Abs(values[i] - actual[i]) <= step * 0.50001f, $"{values[i]} became {actual[i]}, step {step}");
        }
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4, 4.5)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized, 4.13)]
    [InlineData(WeightQuantization.EightBit, 8.04)]
    public void ByteCount_OfALargeMatrix_IsTheBitsThatAreSaid(WeightQuantization kind, double bits)
    {
        using var scope = NewDisposeScope();
        using QuantizedWeight quantized = WeightQuantizer.Quantize(Random(256, 1024), kind, CPU, "w").OwnedBy(scope);
        Assert.Equal(bits, quantized.ByteCount * 8 / (256.0 * 1024), 0.01);
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    public void Quantize_ZerosAndWhatIsNotFinite_KeepsZerosAndRefusesTheRest(WeightQuantization kind)
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(3, 128);
        using (QuantizedWeight quantized = WeightQuantizer.Quantize(weight, kind, CPU, "w").OwnedBy(scope)) Assert.True(quantized.Dequantize(ScalarType.Float32).Equals(weight));
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (int column in new[] { 0, 63, 127 })
            {
                Tensor faulty = Random(3, 128);
                faulty[1, column] = bad;
                var exception = Assert.Throws<NotSupportedException>(() => WeightQuantizer.Quantize(faulty, kind, CPU, "model.layers.0.x"));
                Assert.Contains("model.layers.0.x", exception.Message, StringComparison.Ordinal);
            }
        }
    }

    private static Tensor Random(int rows, int columns)
    {
        using var generator = new Generator(7, CPU);
        Tensor values = TensorArithmetic.Normal([rows, columns], 0.05, generator);
        if (rows > 2) values[1, 0] = 0;
        return values;
    }

    /// <summary>Where the normal distribution reaches p: bisection over Simpson's rule, for p from ½.</summary>
    private static double NormalQuantile(double p)
    {
        double low = 0, high = 4;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (0.5 + Integral(middle) < p) low = middle;
            else high = middle;
        }

        return (low + high) / 2;

        static double Integral(double x)
        {
            const int Steps = 2000;
            double width = x / Steps, sum = Density(0) + Density(x);
            for (int i = 1; i < Steps; i++) sum += Density(i * width) * (i % 2 == 0 ? 2 : 4);
            return sum * width / 3;
        }

        static double Density(double x) => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
