using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>int4, float8 and NF4 over rows' ends against their definitions.</summary>
public sealed class QuantizedWeightTests
{
    private static readonly ScalarType[] Types = [ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float64];

    public static IEnumerable<TheoryDataRow<int?, bool, int>> Int4Settings() =>
        from groupSize in new int?[] { 16, 32, 128, null }
        from symmetric in new[] { true, false }
        from columns in new[] { 1, 17, 128, 200 }
        select new TheoryDataRow<int?, bool, int>(groupSize, symmetric, columns);

    [Theory, MemberData(nameof(Int4Settings))]
    public void Int4_AnyShape_IsTheNearestOfItsGroupsValues(int? groupSize, bool symmetric, int columns)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Random(7, columns);
        using var quantized = (Int4Weight)Quantize(weight, new QuantizationOptions { GroupSize = groupSize, Symmetric = symmetric }).OwnedBy(scope);
        float[] values = weight.data<float>().ToArray(), actual = quantized.Dequantize(ScalarType.Float32).data<float>().ToArray(), scales = quantized.Scales.data<float>().ToArray();
        int size = Math.Min(groupSize ?? columns, columns), groups = (columns + size - 1) / size;
        Assert.Equal(groups, quantized.Groups);
        for (int row = 0; row < 7; row++)
        {
            for (int group = 0; group < groups; group++)
            {
                float scale = scales[(row * groups) + group];
                int zero = quantized.Zeros is { } zeros ? zeros[row, group].item<byte>() : 8;
                Assert.Equal((float)(Half)scale, scale);
                Assert.InRange(zero, 1, 15);
                float[] part = values[((row * columns) + (group * size))..((row * columns) + Math.Min(columns, (group + 1) * size))];
                float widest = symmetric ? 2 * part.Max(Math.Abs) / 15 : Math.Max((Math.Max(0, part.Max()) - Math.Min(0, part.Min())) / 15, part.Max() / 14);
                Assert.Equal(widest, scale, 1e-3f * widest + 1e-7f);
                for (int i = 0; i < part.Length; i++)
                {
                    float got = actual[(row * columns) + (group * size) + i];
                    double nearest = Enumerable.Range(0, 16).Min(code => Math.Abs(((double)scale * (code - zero)) - part[i]));
                    Assert.Equal(nearest, Math.Abs((double)got - part[i]), 1e-6 * Math.Abs(part[i]) + 1e-12);
                }
            }
        }
    }

    [Fact]
    public void Float8_AnyShape_IsTheNearestOfTheTypesValuesTimesTheRowsFactor()
    {
        using var scope = NewDisposeScope();
        Tensor weight = Random(9, 70);
        using var quantized = (Float8Weight)Quantize(weight, new QuantizationOptions { Format = QuantizationFormat.Float8 }).OwnedBy(scope);
        float[] values = weight.data<float>().ToArray(), actual = quantized.Dequantize(ScalarType.Float32).data<float>().ToArray();
        double[] steps = [.. Enumerable.Range(0, 256).Select(code => (double)Float8E4M3.ToSingle((byte)code)).Where(double.IsFinite)];
        for (int row = 0; row < 9; row++)
        {
            float factor = values[(row * 70)..((row + 1) * 70)].Max(Math.Abs) / 448;
            for (int i = row * 70; i < (row + 1) * 70; i++)
                Assert.Equal(steps.Min(step => Math.Abs((step * factor) - values[i])), Math.Abs((double)actual[i] - values[i]), 1e-6 * Math.Abs(values[i]) + 1e-12);
        }
    }

    [Theory]
    [InlineData(3, 100, false)]
    [InlineData(3, 100, true)]
    [InlineData(1, 65, false)]
    [InlineData(5, 7, false)]
    [InlineData(300, 67, true)]
    public void Nf4_RowsThatEndWithinBlocks_HaveBlocksOverTheWholeMatrix(int rows, int columns, bool twice)
    {
        using var scope = NewDisposeScope();
        Tensor weight = Random(rows, columns);
        // As one long row it is the layout that is known to be right.
        var options = new QuantizationOptions { Format = QuantizationFormat.Nf4, DoubleQuantized = twice };
        using QuantizedWeight quantized = Quantize(weight, options).OwnedBy(scope), flat = WeightQuantizer.Quantize(weight.reshape(1, -1), twice ? WeightQuantization.Nf4DoubleQuantized : WeightQuantization.Nf4, CPU, "w").OwnedBy(scope);
        Assert.IsType<Nf4FlatWeight>(quantized);
        foreach (ScalarType type in Types)
        {
            Tensor whole = quantized.Dequantize(type);
            Assert.True(flat.Dequantize(type).reshape(rows, columns).Equals(whole), $"{type}");
            for (int row = 0; row < rows; row += 3) Assert.True(whole.narrow(0, row, Math.Min(2, rows - row)).Equals(quantized.Dequantize(row, Math.Min(2, rows - row), type)), $"{type}, row {row}");
        }
    }

    [Fact]
    public void DequantizeByTensors_AnyType_GivesTheBitsOfTheHostsWay()
    {
        using var scope = NewDisposeScope();
        foreach (int columns in new[] { 1, 17, 128, 200 })
        {
            Tensor weight = Random(301, columns);
            using var float8 = (Float8Weight)Quantize(weight, new QuantizationOptions { Format = QuantizationFormat.Float8 }).OwnedBy(scope);
            foreach (bool symmetric in new[] { true, false })
            {
                using var int4 = (Int4Weight)Quantize(weight, new QuantizationOptions { GroupSize = 32, Symmetric = symmetric }).OwnedBy(scope);
                foreach (ScalarType type in Types)
                {
                    Assert.True(int4.Dequantize(type).Equals(int4.DequantizeByTensors(0, 301, type)), $"int4, {columns} columns, {type}");
                    Assert.True(int4.Dequantize(85, 130, type).Equals(int4.DequantizeByTensors(85, 130, type)), $"int4, {columns} columns, {type}, some rows");
                    Assert.True(int4.Dequantize(type).narrow(0, 85, 130).Equals(int4.Dequantize(85, 130, type)), $"int4, {columns} columns, {type}, a part of the whole");
                    Assert.True(float8.Dequantize(type).Equals(float8.DequantizeByTensors(0, 301, type)), $"float8, {columns} columns, {type}");
                    Assert.True(float8.Dequantize(type).narrow(0, 85, 130).Equals(float8.Dequantize(85, 130, type)), $"float8, {columns} columns, {type}, some rows");
                }
            }
        }
    }

    [Theory]
    [InlineData(QuantizationFormat.Int4)]
    [InlineData(QuantizationFormat.Float8)]
    [InlineData(QuantizationFormat.Int8)]
    [InlineData(QuantizationFormat.Nf4)]
    public void Quantize_ZerosAndWhatIsNotFinite_KeepsZerosAndRefusesTheRest(QuantizationFormat format)
    {
        foreach (bool symmetric in new[] { true, false })
        {
            foreach (int columns in new[] { 128, 100 })
            {
                using var scope = NewDisposeScope();
                var options = new QuantizationOptions { Format = format, Symmetric = symmetric };
                Tensor weight = zeros(3, columns);
                using (QuantizedWeight quantized = Quantize(weight, options).OwnedBy(scope)) Assert.True(quantized.Dequantize(ScalarType.Float32).Equals(weight));
                foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    Tensor faulty = Random(3, columns);
                    faulty[1, 63] = bad;
                    Assert.Contains("the.weight", Assert.Throws<NotSupportedException>(() => Quantize(faulty, options)).Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Int4_ScaleThatFloat16DoesNotHold_IsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("float16", Assert.Throws<NotSupportedException>(() => Quantize(ones(2, 16).mul(tensor(1e6f)), new QuantizationOptions())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WeightQuantization.FourBit, 4.25)]
    [InlineData(WeightQuantization.Float8, 8.03)]
    public void ByteCount_OfALargeMatrix_IsTheBitsThatAreSaid(WeightQuantization kind, double bits)
    {
        using var scope = NewDisposeScope();
        using QuantizedWeight quantized = WeightQuantizer.Quantize(Random(256, 1024), kind, CPU, "w").OwnedBy(scope);
        Assert.Equal(bits, quantized.ByteCount * 8 / (256.0 * 1024), 0.01);
    }

    [Fact]
    public void Options_OutOfRange_AllFaultsAreNamed()
    {
        var options = new QuantizationOptions { Format = (QuantizationFormat)9, Method = QuantizationMethod.Gptq, GroupSize = 12, Damping = 0, Excluded = [""], ScratchFolder = "/nowhere/at/all" };
        string message = Assert.Throws<ArgumentException>(() => options.Validate("options")).Message;
        Assert.All(["Format", "GroupSize", "Damping", "Excluded", "Calibration", "ScratchFolder"], fault => Assert.Contains(fault, message, StringComparison.Ordinal));
    }

    private static QuantizedWeight Quantize(Tensor weight, QuantizationOptions options)
    {
        using var scratch = new ScratchMemory();
        return WeightQuantizer.Quantize(weight, options, CPU, "the.weight", scratch);
    }

    private static Tensor Random(int rows, int columns)
    {
        using var generator = new Generator(7, CPU);
        return TensorArithmetic.Normal([rows, columns], 0.05, generator);
    }
}
