using LongContext.Data;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

/// <summary>Where the mean of scores lies with some confidence, items taken as drawn independently.</summary>
public static class ConfidenceIntervals
{
    private const int Resamples = 2_000;
    private const int MostForBootstrap = 5_000;
    private const int FewestForBootstrap = 10;
    private const double HighestForBootstrap = 0.999;

    /// <summary>The interval of a mean of scores; that of a difference between two models is <see cref="OfPairedDifference"/>.</summary>
    /// <param name="scores">The items' scores, no differences: 0 would be taken for a wrong answer.</param>
    /// <param name="level">The confidence, between 0 and 1. Default: 0.95.</param>
    /// <param name="seed">Seed of the bootstrap. Default: 0.</param>
    /// <returns>
    /// Null where it would say nothing: no score, a single one that is neither 0 nor 1, fewer than ten that are all alike and neither, or a score that is no finite number.
    /// </returns>
    /// <remarks>
    /// Scores that are all 0 or 1: Wilson's score interval (Wilson 1927), which also holds for few items and for shares near 0 and 1. Others, from ten to 5,000: percentiles of 2,000 bootstrap
    /// means (Efron and Tibshirani 1993, chapter 13). Fewer, for which these are too narrow: Student's t, within 0 to 1 where all scores are. More, or a level above 0.999, for which so few
    /// means have no percentiles: the normal approximation.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A level outside 0 to 1.</exception>
    public static ConfidenceInterval? OfMean(IReadOnlyList<double> scores, double level = 0.95, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(scores);
        if (!(level is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "Expected a number between 0 and 1.");
        if (scores.Count == 0 || scores.Any(score => !double.IsFinite(score))) return null;
        if (scores.All(score => score is 0 or 1)) return OfShare((int)scores.Sum(), scores.Count, level);
        if (scores.Count < FewestForBootstrap) return Student(scores, level);
        return scores.Count <= MostForBootstrap && level <= HighestForBootstrap ? Bootstrap(scores, level, seed) : Normal(scores, level);
    }

    /// <summary>The interval of the mean of <paramref name="first"/> less that of <paramref name="second"/>, scores of the same items.</summary>
    /// <param name="first">One model's scores.</param>
    /// <param name="second">The other's, item by item.</param>
    /// <param name="level">The confidence, between 0 and 1. Default: 0.95.</param>
    /// <returns>Null where it would say nothing: no item, a score that is no finite number, or differences that are not all −1, 0 or 1 and are fewer than two or all alike.</returns>
    /// <remarks>
    /// Differences that are all −1, 0 or 1, as those of right and wrong answers: the interval of Agresti and Min (2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in Medicine 24), Wald's with half a case more in each
    /// cell of the pairs, which is no point where the pairs are all alike. Others: Student's t of the differences. Reports compare strategies and models by the same, and call a difference sure only where enough items differ besides (<see cref="ModelTaskComparison.IsBetter"/>):
    /// of three pairs this interval may leave 0 out, which is no proof.
    /// </remarks>
    /// <exception cref="ArgumentException">The two have different numbers of scores.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A level outside 0 to 1.</exception>
    public static ConfidenceInterval? OfPairedDifference(IReadOnlyList<double> first, IReadOnlyList<double> second, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (!(level is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "Expected a number between 0 and 1.");
        if (first.Count != second.Count) throw new ArgumentException($"There are {first.Count} and {second.Count} scores, expected one of each for every item.", nameof(second));
        if (first.Count == 0 || !first.All(double.IsFinite) || !second.All(double.IsFinite)) return null;
        Tally differences = new();
        for (int i = 0; i < first.Count; i++) differences.Add(first[i] - second[i]);
        return differences.PairedInterval(level) ?? differences.StudentInterval(level);
    }

    /// <summary>Wilson's score interval of a share.</summary>
    /// <param name="successes">Items that succeeded, 0 to <paramref name="count"/>.</param>
    /// <param name="count">Items, at least 1.</param>
    /// <param name="level">The confidence, between 0 and 1. Default: 0.95.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number outside its range.</exception>
    public static ConfidenceInterval OfShare(int successes, int count, double level = 0.95)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, count);
        if (!(level is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(level), level, "Expected a number between 0 and 1.");
        double z = Quantile((1 + level) / 2), share = (double)successes / count, weight = z * z / count;
        double middle = (share + (weight / 2)) / (1 + weight);
        double half = z / (1 + weight) * Math.Sqrt((share * (1 - share) / count) + (weight / (4 * count)));
        // At the ends the formula gives the end itself, but for rounding.
        return new ConfidenceInterval(successes == 0 ? 0 : Math.Max(0, middle - half), successes == count ? 1 : Math.Min(1, middle + half), level);
    }

    /// <summary>The standard normal distribution's quantile.</summary>
    /// <remarks>By bisection of the distribution function: slow beside a rational approximation, but it is needed once an interval.</remarks>
    internal static double Quantile(double probability)
    {
        double low = -40, high = 40;
        for (int i = 0; i < 200 && low < high; i++)
        {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) break;
            if (Distribution(middle) < probability) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>The standard normal distribution function.</summary>
    internal static double Distribution(double z)
    {
        double x = Math.Abs(z);
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        double upper;
        if (x < 3)
        {
            // Φ(x) = 1/2 + φ(x)·(x + x³/3 + x⁵/(3·5) + …)
            double term = x, sum = x;
            for (int i = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum); i += 2) sum += term *= x * x / i;
            upper = 0.5 - (density * sum);
        }
        else
        {
            // Mills' ratio as a continued fraction: 1/(x + 1/(x + 2/(x + 3/(x + …
            double fraction = x;
            for (int i = 200; i >= 1; i--) fraction = x + (i / fraction);
            upper = density / fraction;
        }

        return z > 0 ? 1 - upper : upper;
    }

    private static ConfidenceInterval? Student(IReadOnlyList<double> scores, double level)
    {
        Tally tally = new();
        foreach (double score in scores) tally.Add(score);
        bool isShare = scores.All(score => score is >= 0 and <= 1);
        return tally.StudentInterval(level) is { } interval ? isShare ? interval with { Low = Math.Max(0, interval.Low), High = Math.Min(1, interval.High) } : interval : null;
    }

    private static ConfidenceInterval Bootstrap(IReadOnlyList<double> scores, double level, long seed)
    {
        SplitMix64 random = new(seed, scores.Count);
        double[] values = [.. scores], means = new double[Resamples];
        for (int i = 0; i < Resamples; i++)
        {
            double sum = 0;
            for (int j = 0; j < values.Length; j++) sum += values[random.NextInt(values.Length)];
            means[i] = sum / values.Length;
        }

        Array.Sort(means);
        return new ConfidenceInterval(Percentile(means, (1 - level) / 2), Percentile(means, (1 + level) / 2), level);
    }

    private static double Percentile(double[] sorted, double probability)
    {
        double place = probability * (sorted.Length - 1);
        int below = (int)place;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + ((place - below) * (above - sorted[below]));
    }

    private static ConfidenceInterval Normal(IReadOnlyList<double> scores, double level)
    {
        double mean = scores.Average();
        double variance = scores.Sum(score => (score - mean) * (score - mean)) / (scores.Count - 1);
        double half = Quantile((1 + level) / 2) * Math.Sqrt(variance / scores.Count);
        return new ConfidenceInterval(mean - half, mean + half, level);
    }
}
