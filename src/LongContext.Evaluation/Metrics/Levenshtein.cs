namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Edit distances between two sequences, and the similarities in 0..1 that are made of them. The distance with substitutions and
/// the one without ("indel") are kept apart by name, because published figures mix them up.
/// </summary>
/// <remarks>
/// Text is counted in Unicode code points; a surrogate without its other half counts as one. Bit-parallel (Myers 1999, Hyyrö 2003
/// and 2004): 64 cells a step, time proportional to the product of the lengths divided by 64, memory to their sum.
/// </remarks>
public static class Levenshtein
{
    /// <summary>
    /// Fewest insertions, deletions and substitutions that turn one text into the other, counted in code points.
    /// </summary>
    /// <param name="first">One text.</param>
    /// <param name="second">The other text.</param>
    public static int Distance(string first, string second) => Distance(Points(first, nameof(first)), Points(second, nameof(second)));

    /// <summary>Fewest insertions, deletions and substitutions that turn one sequence into the other.</summary>
    /// <typeparam name="T">What the sequences hold; with <see cref="char"/> that is UTF-16 units, so give text as strings.</typeparam>
    /// <param name="first">One sequence.</param>
    /// <param name="second">The other sequence.</param>
    public static int Distance<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T>
    {
        SymbolPair symbols = SymbolPair.Of(first, second);
        return BitParallelDistance.Levenshtein(symbols.Pattern, symbols.Text, symbols.AlphabetSize);
    }

    /// <summary>
    /// Fewest insertions and deletions that turn one text into the other, counted in code points; a substitution costs two.
    /// </summary>
    /// <param name="first">One text.</param>
    /// <param name="second">The other text.</param>
    public static int IndelDistance(string first, string second) =>
        IndelDistance(Points(first, nameof(first)), Points(second, nameof(second)));

    /// <summary>Fewest insertions and deletions that turn one sequence into the other; a substitution costs two.</summary>
    /// <typeparam name="T">What the sequences hold; with <see cref="char"/> that is UTF-16 units, so give text as strings.</typeparam>
    /// <param name="first">One sequence.</param>
    /// <param name="second">The other sequence.</param>
    /// <remarks>The lengths' sum less twice the length of the longest common subsequence.</remarks>
    public static int IndelDistance<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T>
    {
        SymbolPair symbols = SymbolPair.Of(first, second);
        int common = BitParallelDistance.LongestCommonSubsequence(symbols.Pattern, symbols.Text, symbols.AlphabetSize);
        return checked(symbols.Pattern.Length - common + (symbols.Text.Length - common));
    }

    /// <summary>
    /// 1 − indel distance / sum of the lengths in code points: what python-Levenshtein and RapidFuzz call ratio, and Together's
    /// repetition task reports. 1 for two empty texts.
    /// </summary>
    /// <param name="first">One text.</param>
    /// <param name="second">The other text.</param>
    public static double IndelRatio(string first, string second) =>
        IndelRatio(Points(first, nameof(first)), Points(second, nameof(second)));

    /// <summary>1 − indel distance / sum of the lengths; 1 for two empty sequences.</summary>
    /// <typeparam name="T">What the sequences hold; with <see cref="char"/> that is UTF-16 units, so give text as strings.</typeparam>
    /// <param name="first">One sequence.</param>
    /// <param name="second">The other sequence.</param>
    public static double IndelRatio<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T> =>
        Similarity(IndelDistance(first, second), (double)first.Length + second.Length);

    /// <summary>1 − distance / the longer length in code points; 1 for two empty texts.</summary>
    /// <param name="first">One text.</param>
    /// <param name="second">The other text.</param>
    public static double EditSimilarity(string first, string second) =>
        EditSimilarity(Points(first, nameof(first)), Points(second, nameof(second)));

    /// <summary>1 − distance / the longer length; 1 for two empty sequences.</summary>
    /// <typeparam name="T">What the sequences hold; with <see cref="char"/> that is UTF-16 units, so give text as strings.</typeparam>
    /// <param name="first">One sequence.</param>
    /// <param name="second">The other sequence.</param>
    public static double EditSimilarity<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T> =>
        Similarity(Distance(first, second), Math.Max(first.Length, second.Length));

    private static double Similarity(int distance, double whole) => whole == 0 ? 1 : 1 - (distance / whole);

    private static ReadOnlySpan<int> Points(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text, name);
        return CodePoints.Of(text);
    }
}
