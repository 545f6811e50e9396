namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>How far judges agree on the same answers.</summary>
public static class JudgeAgreement
{
    /// <summary>The mean of |first − second|; null where there is no pair.</summary>
    /// <param name="first">One judge's ratings.</param>
    /// <param name="second">The other's of the same answers.</param>
    /// <exception cref="ArgumentException">The numbers of ratings differ, or one is no number.</exception>
    public static double? MeanAbsoluteDifference(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        return first.Zip(second, (a, b) => (double?)Math.Abs(a - b)).Average();
    }

    /// <summary>The share of the answers whose two ratings differ by no more than a number; null where there is no pair.</summary>
    /// <param name="first">One judge's ratings.</param>
    /// <param name="second">The other's of the same answers.</param>
    /// <param name="difference">0 for equal ratings, 1 for neighbouring ones too; at least 0.</param>
    /// <exception cref="ArgumentException">The numbers of ratings differ, or one is no number.</exception>
    public static double? ShareWithin(IReadOnlyList<double> first, IReadOnlyList<double> second, double difference)
    {
        Check(first, second);
        if (!(difference >= 0)) throw new ArgumentOutOfRangeException(nameof(difference), difference, "Expected at least 0.");
        return first.Zip(second, (a, b) => Math.Abs(a - b) <= difference ? 1.0 : (double?)0).Average();
    }

    /// <summary>
    /// Cohen's kappa with quadratic weights (Cohen 1968, "Weighted kappa", Psychological Bulletin 70): 1 − mean squared difference of the pairs / mean squared difference of
    /// any rating of one judge and any of the other. 1 where they are equal, 0 where they agree no more than by chance.
    /// </summary>
    /// <param name="first">One judge's ratings, on any scale of equal steps.</param>
    /// <param name="second">The other's of the same answers.</param>
    /// <returns>At most 1; null where there is no pair or all ratings are the same.</returns>
    /// <exception cref="ArgumentException">The numbers of ratings differ, or one is no number.</exception>
    public static double? WeightedKappa(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        if (first.Count == 0) return null;
        double observed = first.Zip(second, (a, b) => (a - b) * (a - b)).Average();
        double expected = first.Average(a => second.Average(b => (a - b) * (a - b)));
        return expected > 0 ? 1 - (observed / expected) : null;
    }

    /// <summary>
    /// Spearman's rank correlation; equal ratings get the mean of their ranks (Spearman 1904). 1 where both judges put the answers in the same order.
    /// </summary>
    /// <param name="first">One judge's ratings.</param>
    /// <param name="second">The other's of the same answers.</param>
    /// <returns>−1 to 1; null for fewer than 2 answers, and where a judge gave all the same rating.</returns>
    /// <exception cref="ArgumentException">The numbers of ratings differ, or one is no number.</exception>
    public static double? SpearmanCorrelation(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        Check(first, second);
        double[] a = Ranks(first), b = Ranks(second);
        double mean = (a.Length + 1) / 2.0;
        double common = a.Zip(b, (x, y) => (x - mean) * (y - mean)).Sum();
        double spread = Math.Sqrt(a.Sum(x => (x - mean) * (x - mean)) * b.Sum(y => (y - mean) * (y - mean)));
        return spread > 0 ? Math.Clamp(common / spread, -1, 1) : null;
    }

    /// <summary>
    /// Krippendorff's alpha for interval data (Krippendorff 2004, "Content Analysis", chapter 11): any number of judges, of whom some may have left answers out. 1 −
    /// observed disagreement / that expected by chance.
    /// </summary>
    /// <param name="ratings">Each judge's ratings of the same answers in the same order; null where there is none.</param>
    /// <returns>At most 1; null where no answer has two ratings, or all ratings are the same.</returns>
    /// <exception cref="ArgumentException">Judges have different numbers of entries, or one is no number.</exception>
    public static double? KrippendorffAlpha(IReadOnlyList<IReadOnlyList<double?>> ratings)
    {
        ArgumentNullException.ThrowIfNull(ratings);
        int answers = ratings.Count == 0 ? 0 : ratings[0].Count;
        if (ratings.Any(judge => judge.Count != answers)) throw new ArgumentException("The judges have different numbers of entries, expected one for each answer.", nameof(ratings));
        if (ratings.Any(judge => judge.Any(rating => rating is { } number && !double.IsFinite(number)))) throw new ArgumentException("A rating is no number.", nameof(ratings));
        double[][] units = [.. Enumerable.Range(0, answers).Select(answer => ratings.Select(judge => judge[answer]).OfType<double>().ToArray()).Where(unit => unit.Length >= 2)];
        double[] all = [.. units.SelectMany(unit => unit)];
        // Equality is asked for itself: a mean of equal ratings may differ from them in the last digit.
        if (all.Length == 0 || all.All(rating => rating == all[0])) return null;
        double observed = units.Sum(unit => SquaredDifferences(unit) / (unit.Length - 1)) / all.Length;
        double expected = SquaredDifferences(all) / ((double)all.Length * (all.Length - 1));
        return expected > 0 ? 1 - (observed / expected) : null;
    }

    /// <summary>Over all ordered pairs: 2 n Σ (x − mean)², which loses nothing where ratings lie close together.</summary>
    private static double SquaredDifferences(double[] values)
    {
        if (values.All(value => value == values[0])) return 0;
        double mean = values.Average();
        return 2.0 * values.Length * values.Sum(value => (value - mean) * (value - mean));
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        double[] ranks = new double[values.Count];
        int before = 0;
        foreach (IGrouping<double, int> equal in Enumerable.Range(0, values.Count).GroupBy(index => values[index]).OrderBy(group => group.Key))
        {
            int count = equal.Count();
            foreach (int index in equal) ranks[index] = before + ((count + 1) / 2.0);
            before += count;
        }

        return ranks;
    }

    private static void Check(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Count != second.Count)
            throw new ArgumentException(FormattableString.Invariant($"There are {first.Count} ratings of one judge and {second.Count} of the other, expected one of each for every answer."), nameof(second));
        if (!first.All(double.IsFinite) || !second.All(double.IsFinite)) throw new ArgumentException("A rating is no number.", nameof(first));
    }
}
