namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Lengths and depths of needle tests.</summary>
public static class NeedleGrid
{
    /// <summary>The needle test's 35 lengths from 1,000 to 16,000 (gkamradt/LLMTest_NeedleInAHaystack).</summary>
    public static IReadOnlyList<int> StandardLengths { get; } = Lengths(1_000, 16_000, 35);

    /// <summary>The needle test's 35 depths, from 0 to 1 in whole percents.</summary>
    public static IReadOnlyList<double> StandardDepths { get; } = Depths(0, 1, 35);

    /// <summary>LongAlign's ten lengths from 1,000 to 60,000 (THUDM/LongAlign).</summary>
    public static IReadOnlyList<int> LongAlignLengths { get; } = Lengths(1_000, 60_000, 10);

    /// <summary>LongAlign's nine depths from 0.1 to 0.9.</summary>
    public static IReadOnlyList<double> LongAlignDepths { get; } = Depths(0.1, 0.9, 9);

    /// <summary>Lengths at even steps, each rounded to an integer, halves to the even one.</summary>
    /// <param name="minimum">The first, at least 1.</param>
    /// <param name="maximum">The last, at least the first.</param>
    /// <param name="count">How many, at least 1; one alone is the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value out of its range.</exception>
    public static IReadOnlyList<int> Lengths(int minimum, int maximum, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimum, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximum, minimum);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return [.. Steps(minimum, maximum, count).Select(length => (int)Math.Round(length)).Distinct()];
    }

    /// <summary>Depths at even steps, each rounded to a whole percent.</summary>
    /// <param name="minimum">The first, 0 to 1.</param>
    /// <param name="maximum">The last, from the first to 1.</param>
    /// <param name="count">How many, at least 1; one alone is the first. Those that are rounded to the same percent come once.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value out of its range.</exception>
    public static IReadOnlyList<double> Depths(double minimum, double maximum, int count)
    {
        if (!(minimum is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(minimum), minimum, "Expected 0 to 1.");
        if (!(maximum <= 1 && maximum >= minimum)) throw new ArgumentOutOfRangeException(nameof(maximum), maximum, "Expected a depth from the minimum to 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return [.. Steps(100 * minimum, 100 * maximum, count).Select(percent => Math.Round(percent) / 100).Distinct()];
    }

    /// <summary>
    /// The needle test's other spacing, close at both ends: 0, 1, and the logistic function of even steps between, 1 / (1 + exp(−10 (x − 1/2))), rounded to five digits. In ascending
    /// order.
    /// </summary>
    /// <param name="count">How many, at least 2. Default: 35.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 2.</exception>
    public static IReadOnlyList<double> SigmoidDepths(int count = 35)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 2);
        return [.. Steps(0, 100, count).Select((percent, i) => i == 0 ? 0 : i == count - 1 ? 1 : Math.Round(100 / (1 + Math.Exp(-0.1 * (percent - 50))), 3) / 100).Order().Distinct()];
    }

    private static IEnumerable<double> Steps(double first, double last, int count) =>
        Enumerable.Range(0, count).Select(i => count == 1 ? first : first + (i * (last - first) / (count - 1)));
}
