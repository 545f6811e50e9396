namespace LongContext.Evaluation.Reports;

/// <summary>Mean and spread of scores, taken one by one.</summary>
internal sealed class Tally
{
    private const double Z = 1.9599639845400545; // of 95 %
    private double squares;
    private bool onlyRightOrWrong = true;

    public int Count { get; private set; }

    public double Mean { get; private set; }

    /// <summary>The mean's variance, or null where there are too few scores to say.</summary>
    public double? VarianceOfMean => Count > 1 ? squares / (Count - 1) / Count : null;

    public void Add(double score)
    {
        Count++;
        onlyRightOrWrong &= score is 0 or 1;
        double distance = score - Mean;
        // Of infinite scores there is no distance; their mean is what it is.
        Mean = double.IsFinite(distance) ? Mean + (distance / Count) : Mean + score;
        squares += distance * (score - Mean);
    }

    /// <summary>Adds another's scores.</summary>
    public void Add(Tally other)
    {
        if (other.Count == 0) return;
        double distance = other.Mean - Mean, all = Count + other.Count;
        squares += other.squares + (distance * distance * Count * other.Count / all);
        Mean = Count == 0 ? other.Mean : ((Mean * Count) + (other.Mean * other.Count)) / all;
        onlyRightOrWrong &= other.onlyRightOrWrong;
        Count += other.Count;
    }

    public Tally Copy() => (Tally)MemberwiseClone();

    /// <summary>
    /// Where the mean lies with 95 % confidence: Wilson's interval where each score is 0 or 1, which is right for few items and near the ends too, else
    /// Student's; null where neither can say.
    /// </summary>
    /// <param name="isShare">Whether scores lie from 0 to 1, and the interval with them.</param>
    public ConfidenceInterval? Interval(bool isShare)
    {
        if (Count == 0 || !double.IsFinite(Mean)) return null;
        if (onlyRightOrWrong && isShare)
        {
            double n = Count, z2 = Z * Z, middle = (Mean + (z2 / (2 * n))) / (1 + (z2 / n));
            double half = Z / (1 + (z2 / n)) * Math.Sqrt((Mean * (1 - Mean) / n) + (z2 / (4 * n * n)));
            return new ConfidenceInterval(Math.Max(0, middle - half), Math.Min(1, middle + half), 0.95);
        }

        if (VarianceOfMean is not ({ } variance and > 0) || !double.IsFinite(variance)) return null;
        double width = Student(Count - 1) * Math.Sqrt(variance);
        return isShare ? new ConfidenceInterval(Math.Max(0, Mean - width), Math.Min(1, Mean + width), 0.95) : new ConfidenceInterval(Mean - width, Mean + width, 0.95);
    }

    /// <summary>The mean of several means, each counting the same, with 95 % confidence by the normal distribution; no interval where one has a single score.</summary>
    public static (double Mean, ConfidenceInterval? Interval) OfMeans(IReadOnlyList<Tally> tallies)
    {
        double mean = tallies.Average(tally => tally.Mean);
        if (tallies.Any(tally => tally.VarianceOfMean is null)) return (mean, null);
        double width = Z * Math.Sqrt(tallies.Sum(tally => tally.VarianceOfMean!.Value)) / tallies.Count;
        return (mean, width > 0 ? new ConfidenceInterval(mean - width, mean + width, 0.95) : null);
    }

    /// <summary>Student's two-sided quantile for 95 %: exact for 1 and 2 degrees of freedom, else the series in 1/degrees (error below 0.001).</summary>
    /// <remarks>Abramowitz and Stegun, 26.7.5.</remarks>
    internal static double Student(int degrees)
    {
        if (degrees == 1) return 12.706204736174705;
        if (degrees == 2) return 4.302652729749464;
        double z = Z, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z, d = degrees;
        return z + ((z3 + z) / (4 * d)) + (((5 * z5) + (16 * z3) + (3 * z)) / (96 * d * d)) + (((3 * z7) + (19 * z5) + (17 * z3) - (15 * z)) / (384 * d * d * d))
            + (((79 * z9) + (776 * z7) + (1482 * z5) - (1920 * z3) - (945 * z)) / (92160 * d * d * d * d));
    }
}
