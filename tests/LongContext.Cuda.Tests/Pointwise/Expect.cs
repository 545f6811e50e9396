using LongContext.Cuda.Emulation;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>What results are compared by.</summary>
internal static class Expect
{
    /// <summary>2⁻²⁴: half the distance of float32 values around 1.</summary>
    public const double Single = 1.0 / (1 << 24);

    /// <summary>
    /// Each value is one that the type's rounding gives to some number within <paramref name="error"/> of the wanted one: the rounding of
    /// the result and float32's own error, and nothing more.
    /// </summary>
    public static void Rounded(ElementType type, double[] actual, Func<int, double> wanted, Func<int, double> error, string what)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            double value = wanted(i), slack = error(i), low = Elements.Round(type, value - slack), high = Elements.Round(type, value + slack);
            if (double.IsNaN(value) ? double.IsNaN(actual[i]) : actual[i] >= low && actual[i] <= high) continue;
            Assert.Fail($"{what}[{i}] is {actual[i]:r}; wanted is {value:r} ± {slack:e2}, as {type} {low:r} … {high:r}.");
        }
    }

    public static void Same<T>(T[] wanted, T[] actual, string what)
        where T : IEquatable<T>
    {
        Assert.Equal(wanted.Length, actual.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!wanted[i].Equals(actual[i])) Assert.Fail($"{what}[{i}] is {actual[i]}, but must be {wanted[i]}.");
        }
    }

    /// <summary>Sectors that a launch asked for, within 5 % of the bytes it must move; what it asks for again, but finds in the first-level cache, is counted apart.</summary>
    public static void Traffic(LaunchReport report, long bytes, long again = 0)
    {
        double asked = 32.0 * (report.LoadSectors + report.StoreSectors);
        Assert.True(asked <= 1.05 * (bytes + again) && asked >= 0.95 * (bytes + again), $"{asked:N0} bytes of sectors for {bytes:N0} and {again:N0} again:\n{report}");
        Assert.Empty(report.BankConflicts);
    }

    /// <summary>Normally distributed numbers.</summary>
    public static double[] Normal(int count, int seed, double scale = 1)
    {
        var random = new Random(seed);
        var values = new double[count];
        for (int i = 0; i < count; i++) values[i] = scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return values;
    }

    /// <summary>As a type has them.</summary>
    public static double[] Rounded(ElementType type, double[] values) => Array.ConvertAll(values, value => Elements.Round(type, value));
}
