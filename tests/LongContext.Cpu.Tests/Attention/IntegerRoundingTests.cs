using LongContext.Cpu.Attention;

namespace LongContext.Cpu.Tests.Attention;

public sealed unsafe class IntegerRoundingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(256)]
    public void Round_AnyNumbers_AreWithinHalfAUnitAndFloat32sOwnError(int count)
    {
        var random = new Random(count);
        for (int i = -25; i < 25; i++)
        {
            float[] x = [.. Enumerable.Range(0, count).Select(_ => MathF.ScaleB((float)random.NextDouble() - 0.5f, i))];
            short[] codes = Round(x, out float scale);
            Assert.Equal(x.Max(MathF.Abs) / 32767, scale);
            Assert.Equal(32767, codes.Take(count).Max(code => Math.Abs((int)code)));
            for (int at = 0; at < count; at++) Assert.True(Math.Abs(((double)codes[at] * scale) - x[at]) <= scale * 0.51, $"{x[at]} became {codes[at]}");
            // A product of pairs reads one more; nothing is written behind it.
            Assert.Equal(count % 2 == 0 ? -7 : 0, codes[count]);
            Assert.Equal(-7, codes[count + 1]);
        }
    }

    [Fact]
    public void Round_HalfWay_GoesToTheEvenCode()
    {
        float[] x = [.. Enumerable.Range(0, 20).Select(i => i + 0.5f), 32767];
        short[] codes = Round(x, out float scale);
        Assert.Equal(1, scale);
        for (int i = 0; i < 20; i++) Assert.Equal((i + 1) / 2 * 2, codes[i]);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    public void Round_ZerosTinyAndNonFinite_GiveZerosNaNOrInfinity(int count)
    {
        Assert.All(Round(new float[count], out float scale).Take(count), code => Assert.Equal(0, code));
        Assert.Equal(0, scale);
        Assert.All(Round([.. Enumerable.Repeat(1e-31f, count)], out scale).Take(count), code => Assert.Equal(0, code));
        Assert.Equal(0, scale);
        for (int at = 0; at < count; at++)
        {
            var x = new float[count];
            Array.Fill(x, 1);
            x[at] = float.NaN;
            Round(x, out scale);
            Assert.True(float.IsNaN(scale), $"NaN at {at}: {scale}");
            x[at] = float.NegativeInfinity;
            Round(x, out scale);
            Assert.False(float.IsFinite(scale), $"infinity at {at}: {scale}");
        }
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(0, 1)]
    [InlineData(37, 38)]
    [InlineData(16, 32)]
    [InlineData(100, 201)]
    [InlineData(255, 256)]
    public void RoundWeights_PartOfABlock_ZerosAroundItWhateverStandsThere(int start, int end)
    {
        var random = new Random(start);
        float[] weights = [.. Enumerable.Range(0, 256).Select(at => at >= start && at < end ? (float)random.NextDouble() + 1e-3f : float.NaN)];
        float[] before = [.. weights];
        int first = Math.Max(0, (start / 16 * 16) - 32), last = Math.Min(256, ((end + 15) / 16 * 16) + 16);
        short[] codes = RoundWeights(weights, start, end, first, last, out float scale);
        Assert.Equal(before[start..end].Max() / 32767, scale);
        for (int at = 0; at < 256; at++)
        {
            if (at < first || at >= last) Assert.Equal(-7, codes[at]);
            else if (at < start || at >= end) Assert.Equal(0, codes[at]);
            else Assert.Equal((double)before[at], codes[at] * (double)scale, scale * 0.51);
        }
    }

    [Fact]
    public void RoundWeights_NaNAmongThem_ScaleIsNaN()
    {
        for (int at = 0; at < 64; at++)
        {
            float[] weights = [.. Enumerable.Repeat(0.5f, 64)];
            weights[at] = float.NaN;
            RoundWeights(weights, 0, 64, 0, 64, out float scale);
            Assert.True(float.IsNaN(scale), $"NaN at {at}: {scale}");
        }
    }

    [Fact]
    public void RoundWeights_Tiny_AreZeros()
    {
        float[] weights = [.. Enumerable.Repeat(1e-31f, 32)];
        Assert.All(RoundWeights(weights, 0, 32, 0, 32, out float scale)[..32], code => Assert.Equal(0, code));
        Assert.Equal(0, scale);
    }

    private static short[] RoundWeights(float[] weights, int start, int end, int first, int last, out float scale)
    {
        var codes = new short[256];
        Array.Fill(codes, (short)-7);
        fixed (float* from = weights)
        fixed (short* to = codes) scale = IntegerRounding.RoundWeights(from, start, end, first, last, to);
        return codes;
    }

    private static short[] Round(float[] x, out float scale)
    {
        var codes = new short[x.Length + 2];
        Array.Fill(codes, (short)-7);
        fixed (float* from = x)
        fixed (short* to = codes) scale = IntegerRounding.Round(from, x.Length, to);
        return codes;
    }
}
