using LongContext.Cpu.Linear;
using LongContext.Models;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Tests.Models.Quantization;

/// <summary>What the CPU's kernels are told of quantised weights, read by their layouts' definitions.</summary>
public sealed unsafe class CpuWeightTests
{
    public static TheoryData<QuantizationFormat, int?, bool, int> Settings() => new()
    {
        { QuantizationFormat.Int8, null, true, 37 },
        { QuantizationFormat.Float8, null, true, 37 },
        { QuantizationFormat.Int4, 16, true, 64 },
        { QuantizationFormat.Int4, 32, false, 64 },
        { QuantizationFormat.Int4, null, false, 38 },
        { QuantizationFormat.Nf4, null, true, 128 },
        { QuantizationFormat.Nf4, null, false, 128 },
        { QuantizationFormat.Nf4, null, true, 38 },
    };

    [Theory, MemberData(nameof(Settings))]
    public void Of_AnyFormat_DescribesTheSameValues(QuantizationFormat format, int? groupSize, bool flag, int columns)
    {
        using var scope = NewDisposeScope();
        using QuantizedWeight weight = Quantize(format, groupSize, flag, columns).OwnedBy(scope);
        using CpuWeight described = CpuWeight.Of(weight)!;
        WeightMatrix matrix = described.Matrix;
        Assert.Equal((9, columns), (matrix.Outputs, matrix.Inputs));
        float[] expected = weight.Dequantize(ScalarType.Float32).data<float>().ToArray();
        byte* codes = (byte*)matrix.Codes, zeros = (byte*)matrix.Zeros;
        float* scales = (float*)matrix.Scales;
        for (int i = 0; i < expected.Length; i++)
        {
            int row = i / columns, column = i % columns, groups = matrix.GroupSize == 0 ? 0 : columns / matrix.GroupSize;
            float actual = matrix.Format switch
            {
                WeightFormat.Int8 => (sbyte)codes[i] * scales[row],
                WeightFormat.Float8 => LongContext.Checkpoints.Float8E4M3.ToSingle(codes[i]) * scales[row],
                WeightFormat.Int4 => scales[(row * groups) + (column / matrix.GroupSize)] * (((codes[i / 2] >> (4 * (i % 2))) & 15) - (zeros == null ? 8 : zeros[(row * groups) + (column / matrix.GroupSize)])),
                _ => Nf4Codebook.Values[(codes[i / 2] >> (4 * (1 - (i % 2)))) & 15] * scales[i / 64],
            };
            Assert.Equal(expected[i], actual);
        }
    }

    [Theory]
    [InlineData(QuantizationFormat.Int4, 16, 40)] // a shorter group
    [InlineData(QuantizationFormat.Int4, 128, 37)] // a byte that two rows would share
    [InlineData(QuantizationFormat.Nf4, 16, 37)]
    public void Of_WhatTheKernelsDoNotRead_IsNothing(QuantizationFormat format, int groupSize, int columns)
    {
        using var scope = NewDisposeScope();
        using QuantizedWeight weight = Quantize(format, groupSize, true, columns).OwnedBy(scope);
        Assert.Null(CpuWeight.Of(weight));
    }

    private static QuantizedWeight Quantize(QuantizationFormat format, int? groupSize, bool flag, int columns)
    {
        using var generator = new Generator(3, CPU);
        using var scratch = new ScratchMemory();
        return WeightQuantizer.Quantize(randn([9, columns], generator: generator), new QuantizationOptions { Format = format, GroupSize = groupSize, Symmetric = flag, DoubleQuantized = flag }, CPU, "w", scratch);
    }
}
