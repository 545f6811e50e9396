namespace LongContext.Evaluation.Reports;

/// <summary>Whether of pairs that differ so many more on one side are no chance: the sign test, for answers that are right or wrong that of McNemar (1947), exact.</summary>
internal static class SignTest
{
    /// <summary>Pairs that differ with which it can be known at all with 95 % confidence: five heads in a row come about once in sixteen times for either side.</summary>
    public const int Fewest = 6;

    private const double Level = 0.95;

    /// <summary>Whether the two differ with 95 % confidence.</summary>
    public static bool IsSure(long better, long worse) => PValue(better, worse) < 1 - Level;

    /// <summary>How probable, where neither side is better, counts are that lie at least so far apart.</summary>
    public static double PValue(long better, long worse)
    {
        long pairs = better + worse, fewer = Math.Min(better, worse);
        // Of up to so many of the fewer, each by its logarithm: 2 to the power of some thousands is no number.
        double logarithm = -pairs * Math.Log(2), sum = 0;
        for (long i = 0; i <= fewer; i++)
        {
            sum += Math.Exp(logarithm);
            logarithm += Math.Log((double)(pairs - i) / (i + 1));
        }

        return Math.Min(1, 2 * sum);
    }
}
