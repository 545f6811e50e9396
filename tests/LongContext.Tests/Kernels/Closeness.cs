using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

/// <summary>What a kernel gives, beside the same by operators in the same type and in float64.</summary>
internal static class Closeness
{
    /// <summary>Distance to the next number, in parts of a number, at most.</summary>
    public static double Spacing(ScalarType type) => type switch { ScalarType.BFloat16 => 1.0 / 128, ScalarType.Float16 => 1.0 / 1024, _ => 1.0 / (1 << 23) };

    /// <summary>
    /// No farther from the truth than operators are, sums in another order apart, and no element off by more than <paramref name="roundings"/>
    /// halves of the distance to the next number at the largest value; apart from a floor, where results are small differences of what is large.
    /// </summary>
    public static void Assert(Tensor fused, Tensor operators, Tensor truth, string what, double roundings = 3, double floor = 0)
    {
        Xunit.Assert.Equal(operators.dtype, fused.dtype);
        Xunit.Assert.Equal(operators.shape, fused.shape);
        double[] expected = TinyModels.Doubles(truth), actual = TinyModels.Doubles(fused), other = TinyModels.Doubles(operators);
        double own = Distance(actual, expected), theirs = Distance(other, expected), norm = Math.Sqrt(expected.Sum(x => x * x));
        Xunit.Assert.True(own <= (1.1 * theirs) + (1e-6 * norm) + floor, $"{what}: off by {own:E2} of a norm of {norm:E2}, operators by {theirs:E2}");
        double allowed = ((roundings / 2 * Spacing(fused.dtype)) + 2e-6) * expected.Max(Math.Abs) + floor;
        for (int i = 0; i < expected.Length; i++)
            Xunit.Assert.True(Math.Abs(actual[i] - expected[i]) <= allowed, $"{what}: number {i} is {actual[i]:R}, but {expected[i]:R}; allowed {allowed:E2}");
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
}
