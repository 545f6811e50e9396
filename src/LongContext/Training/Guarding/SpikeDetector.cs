namespace LongContext.Training.Guarding;

/// <summary>What counts as a loss spike after the losses before it. Pure.</summary>
internal static class SpikeDetector
{
    /// <summary>1 / Φ⁻¹(3/4): makes the median absolute deviation of normal numbers their standard deviation.</summary>
    private const double DeviationPerMad = 1.4826022185056018;

    /// <summary>The loss above which the next one is a spike; null while there are too few before it.</summary>
    public static double? Limit(IReadOnlyList<double> losses, TrainingGuardOptions options)
    {
        if (losses.Count < options.SpikeWarmupSteps) return null;
        double median = Median(losses);
        double deviation = DeviationPerMad * Median([.. losses.Select(loss => Math.Abs(loss - median))]);
        return median + Math.Max(options.SpikeThreshold * deviation, options.SpikeMinimumRise);
    }

    /// <summary>The losses with one more, the oldest gone where the window is full.</summary>
    public static IReadOnlyList<double> Push(IReadOnlyList<double> losses, double loss, int window) =>
        [.. losses.Skip(Math.Max(0, losses.Count + 1 - window)), loss];

    /// <summary>The middle value, or the mean of the two.</summary>
    public static double Median(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        int half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
