using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Linear;

public sealed unsafe class IntegerProductTests
{
    /// <summary>Inputs and groups: single blocks, blocks that are no whole fours, groups of one, two, three, four and more blocks.</summary>
    public static TheoryData<int, int> Shapes => new() { { 32, 32 }, { 64, 32 }, { 64, 64 }, { 96, 32 }, { 128, 128 }, { 160, 32 }, { 192, 96 }, { 448, 64 }, { 512, 128 }, { 576, 192 }, { 1056, 32 }, { 1408, 128 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Apply_AnyShape_IsTheDefinitionBitForBitAndNearExactInputs(int inputs, int group)
    {
        using var team = new CpuTeam(2);
        int seed = inputs;
        foreach (int rows in (int[])[.. Enumerable.Range(1, 20), 24, 64, 131])
        {
            int outputs = rows > 20 ? 77 : 1 + (seed * 7 % 71);
            using LinearSample sample = Sample(outputs, inputs, group, rows, ++seed);
            float[] got = sample.Apply(team, 0, rows);
            for (int row = 0; row < rows; row++)
            {
                for (int output = 0; output < outputs; output++)
                {
                    float value = got[(row * outputs) + output];
                    (float walk, double moved) = RoundedWalk.Of(sample, row, output);
                    Assert.Equal(BitConverter.SingleToInt32Bits(walk), BitConverter.SingleToInt32Bits(value));
                    (double exact, double magnitude) = sample.Exact(row, output);
                    double bound = (1.001 * moved) + (((inputs / 128) + 8) * Math.Pow(2, -23) * magnitude);
                    Assert.True(Math.Abs(value - exact) <= bound, $"{rows}×{inputs}×{outputs}: {value} against {exact} ± {bound}");
                }
            }
        }
    }

    [Fact]
    public void Apply_RowsAloneOrTogetherByAnyTeam_GiveTheSameBits()
    {
        using LinearSample sample = Sample(203, 416, 32, 150, 77);
        using var alone = new CpuTeam(1);
        float[] whole = sample.Apply(alone, 0, 150);
        foreach (int workers in (int[])[1, 2, 3, 5])
        {
            using var team = new CpuTeam(workers);
            int first = 0;
            foreach (int rows in (int[])[1, 2, 5, 6, 7, 8, 9, 10, 13, 24, 65])
            {
                float[] part = sample.Apply(team, first, rows);
                Assert.True(whole.AsSpan(first * 203, rows * 203).SequenceEqual(part), $"{rows} rows, {workers} workers");
                first += rows;
            }
        }
    }

    [Fact]
    public void Apply_BiasAndAdding_ComeAfterTheSum()
    {
        using var team = new CpuTeam(2);
        foreach (int rows in (int[])[1, 8, 20])
        {
            using LinearSample sample = Sample(37, 64, 32, rows, 5);
            float[] plain = sample.Apply(team, 0, rows), both = sample.Apply(team, 0, rows, bias: true, before: -1.7f);
            for (int i = 0; i < both.Length; i++) Assert.Equal(-1.7f + (plain[i] + sample.Bias[i % 37]), both[i]);
        }
    }

    /// <summary>Rows cannot be rounded at once where they are so many.</summary>
    [Fact]
    public void Apply_MoreRowsThanAreRoundedAtOnce_AreTheSame()
    {
        using var team = new CpuTeam(2);
        using LinearSample sample = Sample(3, 8192, 128, 700, 9);
        float[] whole = sample.Apply(team, 0, 700), end = sample.Apply(team, 690, 10);
        Assert.True(whole.AsSpan(690 * 3).SequenceEqual(end));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    public void Apply_ZerosTinyAndUnusableInputs_GiveZeroOrAreSeen(int rows)
    {
        using var team = new CpuTeam(2);
        using LinearSample sample = Sample(40, 128, 32, rows, 3);
        float* last = sample.X + ((rows - 1) * sample.XStride);
        new Span<float>(last, 128).Clear();
        Assert.All(sample.Apply(team, rows - 1, 1), value => Assert.Equal(0, value));
        last[5] = 1e-40f;
        Assert.All(sample.Apply(team, rows - 1, 1), value => Assert.Equal(0, value));
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            last[77] = bad;
            float[] got = sample.Apply(team, 0, rows);
            Assert.All(got.AsSpan((rows - 1) * 40).ToArray(), value => Assert.False(float.IsFinite(value)));
            Assert.All(got.AsSpan(0, (rows - 1) * 40).ToArray(), value => Assert.True(float.IsFinite(value)));
        }
    }

    [Fact]
    public void Apply_LargestCodesAndInputs_StayWithinSixteenBits()
    {
        using var team = new CpuTeam(1);
        foreach (int rows in (int[])[1, 12])
        {
            using LinearSample sample = Sample(32, 256, 32, rows, 4);
            new Span<byte>((void*)sample.Weight.Codes, 32 * 128).Fill(0xFF);
            foreach (float x in (float[])[1f, -1f])
            {
                for (int i = 0; i < rows * sample.XStride; i++) sample.X[i] = x;
                float[] got = sample.Apply(team, 0, rows);
                for (int i = 0; i < got.Length; i++) Assert.Equal(RoundedWalk.Of(sample, i / 32, i % 32).Value, got[i]);
            }
        }
    }

    /// <summary>Groups of 16 end within a block, so inputs stay as they are.</summary>
    [Fact]
    public void Apply_GroupsThatAreNoBlocks_DoNotRound()
    {
        using var team = new CpuTeam(1);
        using LinearSample sample = Sample(9, 96, 16, 3, 8);
        float[] got = sample.Apply(team, 0, 3);
        for (int i = 0; i < got.Length; i++) Assert.Equal(sample.Walk(i / 9, i % 9), got[i]);
    }

    private static LinearSample Sample(int outputs, int inputs, int group, int rows, int seed) =>
        new(WeightFormat.Int4, outputs, inputs, rows, (ulong)seed, group, zeros: seed % 2 == 0) { RoundsInputs = true };
}
