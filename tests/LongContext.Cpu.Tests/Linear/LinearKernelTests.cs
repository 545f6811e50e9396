using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Linear;

public sealed class LinearKernelTests
{
    private static readonly int[] InputCounts = [1, 2, 7, 16, 17, 34, 100, 576, 1408];

    public static TheoryData<string> FormatNames => [.. Enum.GetNames<WeightFormat>()];

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Apply_AnyShape_IsTheWalkBitForBitAndNearTheDefinition(string name)
    {
        var format = Enum.Parse<WeightFormat>(name);
        using var team = new CpuTeam(2);
        int seed = 0;
        foreach (int inputs in InputCounts.Where(inputs => inputs % 2 == 0 || format is not (WeightFormat.Int4 or WeightFormat.Nf4)))
        {
            foreach (int rows in (int[])[.. Enumerable.Range(1, 17), 64, 129])
            {
                int outputs = inputs > 500 && rows > 8 ? 13 : 1 + (seed * 7 % 45);
                using var sample = new LinearSample(format, outputs, inputs, rows, (ulong)++seed, zeros: seed % 2 == 0);
                float[] got = sample.Apply(team, 0, rows);
                for (int row = 0; row < rows; row++)
                {
                    for (int output = 0; output < outputs; output++)
                    {
                        float value = got[(row * outputs) + output];
                        Assert.Equal(BitConverter.SingleToInt32Bits(sample.Walk(row, output)), BitConverter.SingleToInt32Bits(value));
                        (double exact, double magnitude) = sample.Exact(row, output);
                        // Inputs / 16 fused steps of a lane, four of the tree and one of the scale, each half a unit.
                        double bound = ((inputs / 16) + 7) * Math.Pow(2, -24) * magnitude;
                        Assert.True(Math.Abs(value - exact) <= bound, $"{format} {rows}×{inputs}×{outputs}: {value} against {exact} ± {bound}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Apply_RowsAloneOrTogetherByAnyTeam_GiveTheSameBits(string name)
    {
        var format = Enum.Parse<WeightFormat>(name);
        // Enough rows that all together go over panels in every format, of which each part has too few.
        using var sample = new LinearSample(format, 203, 192, 230, 77);
        using var alone = new CpuTeam(1);
        float[] whole = sample.Apply(alone, 0, 230);
        foreach (int workers in (int[])[1, 2, 3, 5])
        {
            using var team = new CpuTeam(workers);
            int first = 0;
            foreach (int rows in (int[])[1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 30, 62, 80])
            {
                float[] part = sample.Apply(team, first, rows);
                Assert.True(whole.AsSpan(first * 203, rows * 203).SequenceEqual(part), $"{rows} rows, {workers} workers");
                first += rows;
            }
        }
    }

    /// <summary>Rows so long that they are read in another way, and sixteens that are not whole pairs.</summary>
    [Theory]
    [InlineData(WeightFormat.Float32, 4096)]
    [InlineData(WeightFormat.Float32, 4112)]
    [InlineData(WeightFormat.BFloat16, 2048)]
    [InlineData(WeightFormat.BFloat16, 2064)]
    [InlineData(WeightFormat.Float16, 48)]
    [InlineData(WeightFormat.Float16, 2064)]
    public void Apply_LongRows_AreTheWalkBitForBit(object boxed, int inputs)
    {
        using var team = new CpuTeam(2);
        using var sample = new LinearSample((WeightFormat)boxed, 23, inputs, 7, 11);
        float[] together = sample.Apply(team, 0, 7), alone = sample.Apply(team, 3, 1);
        for (int output = 0; output < 23; output++)
        {
            Assert.Equal(sample.Walk(3, output), alone[output]);
            Assert.Equal(alone[output], together[(3 * 23) + output]);
        }
    }

    [Theory]
    [MemberData(nameof(FormatNames))]
    public void Apply_BiasAndAdding_ComeAfterTheSum(string name)
    {
        var format = Enum.Parse<WeightFormat>(name);
        using var team = new CpuTeam(2);
        foreach (int rows in (int[])[1, 3, 8, 20])
        {
            using var sample = new LinearSample(format, 37, 64, rows, 5);
            float[] biased = sample.Apply(team, 0, rows, bias: true);
            float[] added = sample.Apply(team, 0, rows, bias: false, before: 0.3f);
            float[] both = sample.Apply(team, 0, rows, bias: true, before: -1.7f);
            for (int i = 0; i < both.Length; i++)
            {
                Assert.Equal(sample.Walk(i / 37, i % 37, bias: true), biased[i]);
                Assert.Equal(sample.Walk(i / 37, i % 37, before: 0.3f), added[i]);
                Assert.Equal(sample.Walk(i / 37, i % 37, bias: true, before: -1.7f), both[i]);
            }
        }
    }

    [Fact]
    public void Apply_NoRows_WritesNothing()
    {
        using var team = new CpuTeam(2);
        using var sample = new LinearSample(WeightFormat.BFloat16, 5, 32, 1, 5);
        Assert.Empty(sample.Apply(team, 0, 0));
    }
}
