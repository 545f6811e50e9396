using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Pointwise;

namespace LongContext.Cpu.Tests.Pointwise;

public sealed class VectorMathTests
{
    [Fact]
    public void Exp_WholeRange_IsWithin1Point1Ulp() => Assert.InRange(WorstUlp(VectorMath.Exp, Math.Exp, -110f, 90f), 0, 1.1);

    [Fact]
    public void Tanh_WholeRange_IsWithin1Point4Ulp() => Assert.InRange(WorstUlp(VectorMath.Tanh, Math.Tanh, -12f, 12f), 0, 1.4);

    [Fact]
    public void Erf_WholeRange_IsWithin1Point1Ulp() => Assert.InRange(WorstUlp(VectorMath.Erf, Erf, -6f, 6f), 0, 1.1);

    [Theory]
    [InlineData(float.NaN, float.NaN, float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, 1f, 1f)]
    [InlineData(float.NegativeInfinity, 0f, -1f, -1f)]
    [InlineData(0f, 1f, 0f, 0f)]
    [InlineData(1e30f, float.PositiveInfinity, 1f, 1f)]
    [InlineData(-1e30f, 0f, -1f, -1f)]
    public void Functions_AtTheirEnds_AreExact(float x, float exp, float tanh, float erf)
    {
        Assert.Equal(exp, VectorMath.Exp(Vector512.Create(x))[7]);
        Assert.Equal(tanh, VectorMath.Tanh(Vector512.Create(x))[3]);
        Assert.Equal(erf, VectorMath.Erf(Vector512.Create(x))[15]);
    }

    [Fact]
    public void Exp_ItsLastStep_HasTheSameBitsOnEveryProcessor()
    {
        if (!Avx512F.IsSupported) Assert.Skip("There is one way without AVX-512.");
        for (int exponent = -160; exponent <= 145; exponent++)
        {
            for (float p = 0.7f; p < 1.42f; p += 0.00913f)
            {
                Vector512<float> number = Vector512.Create(p), power = Vector512.Create((float)exponent);
                Assert.Equal(VectorMath.ScaleByProducts(number, power).AsInt32(), Avx512F.Scale(number, power).AsInt32());
            }
        }
    }

    /// <summary>The largest distance from the true value in units of the last place of the nearest float32, over 2 million points and both sides of every power of two.</summary>
    private static double WorstUlp(Func<Vector512<float>, Vector512<float>> function, Func<double, double> truth, float from, float to)
    {
        double worst = 0;
        var points = new List<float>();
        for (int i = 0; i <= 2_000_000; i++) points.Add((float)(from + ((double)to - from) * i / 2_000_000));
        for (int exponent = -60; exponent < 4; exponent++)
        {
            float power = MathF.ScaleB(1, exponent);
            points.AddRange([power, -power, MathF.BitDecrement(power), MathF.BitIncrement(power), power * 1.37f, power * -1.61f]);
        }

        while (points.Count % 16 != 0) points.Add(0);
        float[] all = [.. points];
        for (int i = 0; i < all.Length; i += 16)
        {
            Vector512<float> found = function(Vector512.Create(all, i));
            for (int lane = 0; lane < 16; lane++)
            {
                double expected = truth(all[i + lane]);
                var nearest = (float)expected;
                if (!float.IsFinite(nearest)) continue;
                double unit = Math.Max(Math.BitIncrement(0f), (double)MathF.BitIncrement(MathF.Abs(nearest)) - MathF.Abs(nearest));
                worst = Math.Max(worst, Math.Abs(found[lane] - expected) / unit);
            }
        }

        return worst;
    }

    /// <summary>erf in double: its series below 3, the continued fraction of erfc above.</summary>
    private static double Erf(double x)
    {
        double a = Math.Abs(x);
        if (a < 3)
        {
            double term = a, sum = a;
            for (int n = 1; n < 80; n++)
            {
                term *= -a * a / n;
                sum += term / ((2 * n) + 1);
            }

            return Math.CopySign(2 / Math.Sqrt(Math.PI) * sum, x);
        }

        double fraction = 0;
        for (int n = 60; n > 0; n--) fraction = n / 2.0 / (a + fraction);
        return Math.CopySign(1 - (Math.Exp(-a * a) / (a + fraction) / Math.Sqrt(Math.PI)), x);
    }
}
