namespace LongContext.Evaluation.Reports;

/// <summary>Mean and spread of scores, taken one by one.</summary>
internal sealed class Tally
{
    private const double Level = 0.95;
    private const double Z = 1.9599639845400545; // of 95 %
    private const double Rounding = 1e-12;
    private double squares;
    private bool onlyRightOrWrong = true;
    private bool onlySigns = true;

    public int Count { get; private set; }

    public double Mean { get; private set; }

    /// <summary>Scores above 0.</summary>
    public int Above { get; private set; }

    /// <summary>Scores below 0.</summary>
    public int Below { get; private set; }

    /// <summary>The mean's variance, or null where there are too few scores to say. Scores that differ by what rounding makes of them are alike: 1 − 0.8 and 0.8 − 0.6.</summary>
    public double? VarianceOfMean => Count < 2 ? null : squares <= Rounding * Rounding * Count * Math.Max(1, Mean * Mean) ? 0 : squares / (Count - 1) / Count;

    public void Add(double score)
    {
        Count++;
        if (score > 0) Above++;
        else if (score < 0) Below++;
        onlyRightOrWrong &= score is 0 or 1;
        onlySigns &= score is -1 or 0 or 1;
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
        onlySigns &= other.onlySigns;
        Count += other.Count;
        (Above, Below) = (Above + other.Above, Below + other.Below);
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
        if (onlyRightOrWrong && isShare) return Wilson(Mean, Count);
        if (StudentInterval() is not { } interval) return null;
        return isShare ? interval with { Low = Math.Max(0, interval.Low), High = Math.Min(1, interval.High) } : interval;
    }

    /// <summary>The mean of several means, each counting the same, with 95 % confidence; no interval where one of them says nothing about its spread.</summary>
    /// <remarks>
    /// A few scores that are all alike are no proof of a spread of 0. Where scores are 0 or 1, their means have Wilson's interval together, for as many scores as would make one share as
    /// certain (<see cref="SharesInterval"/>); differences of such scores have that of Agresti and Min (2005, half a case more in each cell of the pairs). Other means come together with
    /// Student's quantile, at the degrees of freedom that Welch and Satterthwaite give their sum. Parts are put together as if each interval's end were a standard error (Zou and Donner
    /// 2008, "Construction of confidence limits about effect measures").
    /// </remarks>
    /// <param name="tallies">At least one, each with a score.</param>
    /// <param name="areDifferences">Whether they are of differences between scores from 0 to 1, not of scores.</param>
    public static (double Mean, ConfidenceInterval? Interval) OfMeans(IReadOnlyList<Tally> tallies, bool areDifferences = false)
    {
        double mean = tallies.Average(tally => tally.Mean), below = 0, above = 0, variance = 0, uncertainty = 0;
        void Part(double middle, ConfidenceInterval interval, int times)
        {
            below += Math.Pow(times * (middle - interval.Low), 2);
            above += Math.Pow(times * (interval.High - middle), 2);
        }

        Tally[] shares = areDifferences ? [] : [.. tallies.Where(tally => tally.onlyRightOrWrong)];
        if (shares.Length > 0) Part(shares.Average(tally => tally.Mean), SharesInterval(shares), shares.Length);
        foreach (Tally tally in tallies.Except(shares))
        {
            if (areDifferences && tally.PairedInterval() is { } own)
            {
                Part(tally.Mean, own, 1);
                continue;
            }

            if (tally.VarianceOfMean is not ({ } single and > 0) || !double.IsFinite(single)) return (mean, null);
            variance += single;
            uncertainty += single * single / (tally.Count - 1);
        }

        if (variance > 0)
        {
            double student = Student((int)Math.Clamp(variance * variance / uncertainty, 1, 1_000_000));
            below += student * student * variance;
            above += student * student * variance;
        }

        return (mean, below + above > 0 ? new ConfidenceInterval(mean - (Math.Sqrt(below) / tallies.Count), mean + (Math.Sqrt(above) / tallies.Count), 0.95) : null);
    }

    /// <summary>Wilson's interval of the mean of shares, for the number of scores that makes its variance that of one share.</summary>
    /// <remarks>Each share's variance is taken with half a case more of each kind, so that none is 0, and made larger by what it is too small by at a half.</remarks>
    private static ConfidenceInterval SharesInterval(Tally[] shares)
    {
        double mean = shares.Average(share => share.Mean);
        if (shares.Length == 1) return Wilson(mean, shares[0].Count);
        double middle = 0, variance = 0;
        foreach (Tally share in shares)
        {
            double n = share.Count, adjusted = ((share.Mean * n) + 0.5) / (n + 1);
            middle += adjusted / shares.Length;
            variance += adjusted * (1 - adjusted) / n / (1 - (n / ((n + 1) * (n + 1)))) / shares.Length / shares.Length;
        }

        return Wilson(mean, middle * (1 - middle) / variance);
    }

    private static ConfidenceInterval Wilson(double share, double n)
    {
        double z2 = Z * Z, middle = (share + (z2 / (2 * n))) / (1 + (z2 / n));
        double half = Z / (1 + (z2 / n)) * Math.Sqrt((share * (1 - share) / n) + (z2 / (4 * n * n)));
        // The mean lies within, but for rounding at the ends.
        return new ConfidenceInterval(Math.Clamp(middle - half, 0, share), Math.Clamp(middle + half, share, 1), 0.95);
    }

    /// <summary>Where the mean of differences lies that are all −1, 0 or 1 (Agresti and Min 2005); null where they are not, or there is none.</summary>
    internal ConfidenceInterval? PairedInterval(double level = Level)
    {
        if (!onlySigns || Count == 0) return null;
        double n = Count + 2, sum = Mean * Count, unequal = squares + (Mean * Mean * Count);
        double middle = sum / n, half = Normal(level) * Math.Sqrt(Math.Max(0, unequal + 1 - (sum * sum / n))) / n;
        return new ConfidenceInterval(Math.Max(-1, Math.Min(Mean, middle - half)), Math.Min(1, Math.Max(Mean, middle + half)), level);
    }

    /// <summary>Student's interval of the mean, or null where there are fewer than two scores or all are alike: which is no proof of a spread of 0.</summary>
    internal ConfidenceInterval? StudentInterval(double level = Level)
    {
        if (VarianceOfMean is not ({ } variance and > 0) || !double.IsFinite(variance)) return null;
        double width = Student(Count - 1, level) * Math.Sqrt(variance);
        return new ConfidenceInterval(Mean - width, Mean + width, level);
    }

    /// <summary>
    /// Whether the differences of several tasks, together on one side of 0 by their interval, are enough to believe it. The interval of a few pairs that all fall to one side leaves 0 out too readily (of three out of three
    /// once in four times where there is no difference): of one task's right and wrong answers the exact test decides as well, of others at least as many must differ as that one takes at the least.
    /// </summary>
    private static bool AreEnough(IReadOnlyList<Tally> differences) => differences is [{ onlySigns: true } single]
        ? SignTest.IsSure(single.Above, single.Below)
        : differences.Sum(tally => (long)tally.Above + tally.Below) >= SignTest.Fewest;

    /// <summary>On which side of 0 differences surely lie: true above, false below; null where neither is sure, by their interval or for want of enough of them.</summary>
    public static bool? SideOf(ConfidenceInterval? interval, IReadOnlyList<Tally> differences) =>
        !AreEnough(differences) ? null : interval is { Low: > 0 } ? true : interval is { High: < 0 } ? false : null;

    /// <summary>The interval of a task's differences: of shares as <see cref="OfMeans"/> has it, else Student's; null where there is none.</summary>
    /// <param name="isShare">Whether they are of scores from 0 to 1.</param>
    public ConfidenceInterval? DifferenceInterval(bool isShare) => Count == 0 ? null : isShare ? OfMeans([this], areDifferences: true).Interval : StudentInterval();

    private static double Normal(double level) => level == Level ? Z : ConfidenceIntervals.Quantile((1 + level) / 2);

    /// <summary>Student's two-sided quantile: by bisection of the distribution function up to 100 degrees of freedom, beyond them by the series in 1/degrees.</summary>
    /// <remarks>Abramowitz and Stegun, 26.7.3 to 26.7.5.</remarks>
    internal static double Student(int degrees, double level = Level)
    {
        if (degrees <= 100)
        {
            double low = 0, high = Math.PI / 2;
            for (int i = 0; i < 100; i++)
            {
                double middle = (low + high) / 2;
                if (StudentLevel(middle, degrees) < level) low = middle;
                else high = middle;
            }

            return Math.Sqrt(degrees) * Math.Tan((low + high) / 2);
        }

        double z = Normal(level), z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z, d = degrees;
        return z + ((z3 + z) / (4 * d)) + (((5 * z5) + (16 * z3) + (3 * z)) / (96 * d * d)) + (((3 * z7) + (19 * z5) + (17 * z3) - (15 * z)) / (384 * d * d * d))
            + (((79 * z9) + (776 * z7) + (1482 * z5) - (1920 * z3) - (945 * z)) / (92160 * d * d * d * d));
    }

    /// <summary>How much of Student's distribution lies within √degrees · tan <paramref name="angle"/> on either side of 0.</summary>
    private static double StudentLevel(double angle, int degrees)
    {
        double cosine = Math.Cos(angle), sum = 0, term = degrees % 2 == 0 ? 1 : cosine;
        for (int i = degrees % 2 == 0 ? 2 : 3; i <= degrees; i += 2)
        {
            sum += term;
            term *= (i - 1.0) / i * cosine * cosine;
        }

        return degrees % 2 == 0 ? Math.Sin(angle) * sum : 2 / Math.PI * (angle + (Math.Sin(angle) * sum));
    }
}
