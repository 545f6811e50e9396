namespace LongContext.Evaluation.Metrics;

/// <summary>fuzzywuzzy 0.18.0's ratio of two texts, 0 to 100.</summary>
internal static class FuzzyRatio
{
    public static int Of(string first, string second, CodeSimilarityVariant variant)
    {
        if (first == second) return 100;
        if (first.Length == 0 || second.Length == 0) return 0;
        double ratio = variant == CodeSimilarityVariant.Difflib ? SequenceMatcherRatio.Of(first, second) : IndelRatio(CodePoints.Of(first), CodePoints.Of(second));
        return (int)Math.Round(100 * ratio, MidpointRounding.ToEven);
    }

    /// <summary>
    /// As python-Levenshtein 0.12.2 divides: newer versions take the quotient from 1, which may differ in the last bit and so by a whole step after rounding.
    /// </summary>
    private static double IndelRatio(int[] first, int[] second)
    {
        int whole = first.Length + second.Length;
        return (double)(whole - Levenshtein.IndelDistance<int>(first, second)) / whole;
    }
}
