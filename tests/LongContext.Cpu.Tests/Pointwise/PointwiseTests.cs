using LongContext.Cpu.Linear;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Pointwise;

public sealed unsafe class PointwiseTests
{
    private const double Error = 1e-6;

    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 15 }, { 2, 16 }, { 5, 17 }, { 1, 63 }, { 7, 100 }, { 3, 2048 }, { 40, 2049 }, { 2, 5003 }, { 0, 64 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RmsNorm_EachFormAndFormat_IsTheDefinition(int rows, int size)
    {
        using var team = new CpuTeam(2);
        float[] x = Floats.Random(1, rows * (size + 3)), delta = Floats.Random(2, rows * size), weights = Floats.Random(3, size);
        foreach (WeightFormat format in new[] { WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Float16 })
        {
            float[] rounded = PlainRows.Rounded(format, weights);
            byte[] stored = PlainRows.Stored(format, weights);
            float[] plain = new float[rows * size], after = [.. delta], residual = [.. x], sum = new float[rows * size];
            fixed (byte* w = stored)
            fixed (float* px = x, pd = delta, pp = plain, pa = after, pr = residual, ps = sum)
            {
                var weight = new NormWeight { Weights = (nint)w, Format = format, Offset = 0.5f, Epsilon = 1e-5f };
                RmsNorm.Apply(team, weight, px, size + 3, pp, size, rows, size);
                RmsNorm.ApplyAdd(team, weight, px, size + 3, pa, size, rows, size);
                RmsNorm.AddApply(team, weight, pr, size + 3, pd, size, ps, size, rows, size);
            }

            for (int row = 0; row < rows; row++)
            {
                double squares = 0, sumSquares = 0;
                for (int i = 0; i < size; i++)
                {
                    squares += (double)x[(row * (size + 3)) + i] * x[(row * (size + 3)) + i];
                    float added = x[(row * (size + 3)) + i] + delta[(row * size) + i];
                    Assert.Equal(added, residual[(row * (size + 3)) + i]);
                    sumSquares += (double)added * added;
                }

                for (int i = 0; i < size; i++)
                {
                    double expected = x[(row * (size + 3)) + i] / Math.Sqrt((squares / size) + 1e-5) * (rounded[i] + 0.5);
                    Floats.AssertNear(expected, plain[(row * size) + i], Error, "plain");
                    Assert.Equal(expected + delta[(row * size) + i], after[(row * size) + i], 2e-6);
                    Floats.AssertNear(residual[(row * (size + 3)) + i] / Math.Sqrt((sumSquares / size) + 1e-5) * (rounded[i] + 0.5), sum[(row * size) + i], Error, "add before");
                }
            }
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(72)]
    [InlineData(5)]
    public void Heads_EachHead_IsNormedAlone(int headSize)
    {
        using var team = new CpuTeam(2);
        const int rows = 90, heads = 3;
        float[] x = Floats.Random(4, rows * heads * headSize), weights = Floats.Random(5, headSize), inPlace = [.. x], apart = new float[x.Length];
        fixed (float* w = weights, px = x, pi = inPlace, pa = apart)
        {
            var weight = new NormWeight { Weights = (nint)w, Epsilon = 1e-6f };
            RmsNorm.Heads(team, weight, pi, heads * headSize, rows, heads, headSize);
            RmsNorm.Apply(team, weight, px, headSize, pa, headSize, rows * heads, headSize);
        }

        Floats.AssertSameBits(apart, inPlace);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void GatedUnit_EachFunction_IsTheDefinition(int rows, int size)
    {
        using var team = new CpuTeam(3);
        float[] both = Floats.Random(6, rows * 2 * size, 9);
        foreach (GateActivation activation in Enum.GetValues<GateActivation>())
        {
            float[] y = new float[rows * size], alone = [.. both];
            fixed (float* gate = both, py = y, pa = alone)
            {
                GatedUnit.Apply(team, activation, gate, 2 * size, gate + size, 2 * size, py, size, rows, size);
                GatedUnit.Apply(team, activation, pa, 2 * size, null, 0, pa, 2 * size, rows, size);
            }

            for (int row = 0; row < rows; row++)
            {
                for (int i = 0; i < size; i++)
                {
                    double gate = both[(row * 2 * size) + i], act = Activation(activation, gate);
                    Assert.True(Math.Abs(act - alone[(row * 2 * size) + i]) <= 1e-6 * Math.Max(1, Math.Abs(act)), $"{activation} of {gate}: {alone[(row * 2 * size) + i]}, expected {act}.");
                    Assert.Equal(alone[(row * 2 * size) + i] * both[(row * 2 * size) + size + i], y[(row * size) + i]);
                }
            }
        }
    }

    [Theory]
    [InlineData(64, 32)]
    [InlineData(80, 20)]
    [InlineData(6, 3)]
    [InlineData(16, 0)]
    public void Rotary_HalfSplitPairs_TurnByTheTables(int headSize, int half)
    {
        using var team = new CpuTeam(2);
        const int rows = 70, heads = 3, stride = 1000;
        float[] x = Floats.Random(7, rows * stride), cosines = Floats.Random(8, 500 * half), sines = Floats.Random(9, 500 * half), turned = [.. x];
        int[] positions = [.. Enumerable.Range(0, rows).Select(row => row * 7 % 500)];
        fixed (float* p = turned, c = cosines, s = sines)
        fixed (int* at = positions) Rotary.Apply(team, p, stride, rows, heads, headSize, at, c, s, half);

        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < stride; i++)
            {
                int inHead = i % headSize, head = i / headSize, at = (row * stride) + i;
                double expected = x[at];
                if (head < heads && inHead < half) expected = ((double)x[at] * C(inHead)) - ((double)x[at + half] * S(inHead));
                else if (head < heads && inHead < 2 * half) expected = ((double)x[at] * C(inHead - half)) + ((double)x[at - half] * S(inHead - half));
                Assert.Equal(expected, turned[at], 1e-6);
            }

            double C(int i) => cosines[(positions[row] * half) + i];
            double S(int i) => sines[(positions[row] * half) + i];
        }
    }

    [Fact]
    public void RowGather_EachFormat_ReadsExactly()
    {
        using var team = new CpuTeam(2);
        const int size = 45, vocabulary = 30;
        float[] table = Floats.Random(10, vocabulary * size, 3);
        (table[0], table[1], table[2], table[3], table[4]) = (float.PositiveInfinity, float.NaN, -0f, 6e-8f, -65504f);
        int[] ids = [3, 0, 29, 0, 17];
        foreach (WeightFormat format in new[] { WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Float16 })
        {
            float[] rounded = PlainRows.Rounded(format, table), y = new float[ids.Length * size];
            byte[] stored = PlainRows.Stored(format, table);
            fixed (byte* t = stored)
            fixed (int* i = ids)
            fixed (float* p = y) RowGather.Apply(team, format, (nint)t, size, i, p, size, ids.Length, 2);
            for (int row = 0; row < ids.Length; row++)
            {
                for (int i = 0; i < size; i++) Assert.Equal(rounded[(ids[row] * size) + i] * 2, y[(row * size) + i]);
            }
        }

        Assert.Throws<NotSupportedException>(() => RowGather.Apply(team, WeightFormat.Nf4, 0, 1, null, null, 1, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1003)]
    public void Softmax_Row_IsTheDefinition(int size)
    {
        float[] row = Floats.Random(11, size, 20), probabilities = [.. row];
        if (size > 5) (row[4], probabilities[4]) = (float.NegativeInfinity, float.NegativeInfinity);
        double largest = row.Max(), sum = row.Sum(x => Math.Exp(x - largest));
        Softmax.Apply(probabilities);
        Assert.Equal(largest + Math.Log(sum), Softmax.LogSumExp(row), 3e-6);
        for (int i = 0; i < size; i++) Assert.Equal(Math.Exp(row[i] - largest) / sum, probabilities[i], 3e-7);
        Assert.Equal(float.NegativeInfinity, Softmax.LogSumExp([]));
    }

    [Fact]
    public void Elementwise_Rows_AreTheDefinition()
    {
        const int size = 37;
        float[] x = Floats.Random(12, size, 50), added = Floats.Random(13, size), scaled = [.. x], capped = [.. x], both = [.. added];
        fixed (float* px = x, pa = added, ps = scaled, pc = capped, pb = both)
        {
            float[] before = [.. added];
            Elementwise.AddRow(pa, px, size);
            Elementwise.AddScaledRow(pb, px, 0.3f, size);
            Elementwise.ScaleRow(ps, 0.3f, size);
            Elementwise.SoftCapRow(pc, 30, size);
            for (int i = 0; i < size; i++)
            {
                Assert.Equal(before[i] + x[i], added[i]);
                Assert.Equal(MathF.FusedMultiplyAdd(x[i], 0.3f, before[i]), both[i]);
                Assert.Equal(x[i] * 0.3f, scaled[i]);
                Floats.AssertNear(30 * Math.Tanh(x[i] / 30.0), capped[i], Error, "cap");
            }
        }
    }

    [Fact]
    public void Everything_RowsTogetherOrAlone_GivesTheSameBits()
    {
        const int rows = 33, size = 1100;
        float[] x = Floats.Random(14, rows * size, 4), w = Floats.Random(15, size);
        float[] together = Pass(x, 3, rows);
        float[] alone = [.. Enumerable.Range(0, rows).SelectMany(row => Pass(x[(row * size)..((row + 1) * size)], 1, 1))];
        Floats.AssertSameBits(together, alone);

        float[] Pass(float[] source, int workers, int count)
        {
            using var team = new CpuTeam(workers);
            float[] copy = [.. source];
            fixed (float* p = copy, pw = w)
            {
                RmsNorm.Apply(team, new NormWeight { Weights = (nint)pw, Epsilon = 1e-6f }, p, size, p, size, count, size);
                GatedUnit.Apply(team, GateActivation.Silu, p, size, p + 550, size, p, size, count, 550);
                RmsNorm.AddApply(team, new NormWeight { Epsilon = 1e-6f }, p, size, p + 550, size, p + 550, size, count, 550);
            }

            return copy;
        }
    }

    private static double Activation(GateActivation activation, double x) => activation switch
    {
        GateActivation.Silu => x / (1 + Math.Exp(-x)),
        GateActivation.Gelu => x * NormalDistribution(x),
        GateActivation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        _ => Math.Max(x, 0),
    };

    /// <summary>Φ by Simpson's rule from 0.</summary>
    private static double NormalDistribution(double x)
    {
        const int steps = 400;
        double h = x / steps, sum = 0;
        for (int i = 0; i <= steps; i++) sum += Math.Exp(-i * h * (i * h) / 2) * (i is 0 or steps ? 1 : i % 2 == 1 ? 4 : 2);
        return 0.5 + (sum * h / 3 / Math.Sqrt(2 * Math.PI));
    }
}
