namespace LongContext.Evaluation.Metrics;

/// <summary>
/// The likeness that Python's difflib calls ratio: twice the matching symbols by the sum of the lengths, where what matches is found by Ratcliff and
/// Obershelp's way: the longest common run, then the same to its left and to its right.
/// </summary>
/// <remarks>
/// As <c>SequenceMatcher(None, first, second).ratio()</c> of CPython 3.11, with its "autojunk": if the second sequence has 200 symbols or more, those that
/// occur in it more often than 1 + 1 % of its length can neither begin nor be a run of their own, only lengthen one. So the order of
/// the two matters. Text is counted in code points.
/// </remarks>
public static class SequenceMatcherRatio
{
    /// <summary>The likeness of two texts, 0 to 1; 1 for two empty ones.</summary>
    /// <param name="first">One text.</param>
    /// <param name="second">The other text, which decides on what is too frequent.</param>
    public static double Of(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return Of<int>(CodePoints.Of(first), CodePoints.Of(second));
    }

    /// <summary>The likeness of two sequences, 0 to 1; 1 for two empty ones.</summary>
    /// <typeparam name="T">What the sequences hold.</typeparam>
    /// <param name="first">One sequence.</param>
    /// <param name="second">The other sequence, which decides on what is too frequent.</param>
    public static double Of<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second)
        where T : notnull, IEquatable<T>
    {
        int whole = first.Length + second.Length;
        return whole == 0 ? 1 : 2.0 * new MatchingRuns(Number(first, second, out int[] numbered, out int alphabetSize), numbered, alphabetSize).Total() / whole;
    }

    /// <summary>The symbols of the second as numbers; those of the first that it lacks get the number after the last.</summary>
    private static int[] Number<T>(ReadOnlySpan<T> first, ReadOnlySpan<T> second, out int[] numberedSecond, out int alphabetSize)
        where T : notnull, IEquatable<T>
    {
        Dictionary<T, int> numbers = [];
        numberedSecond = new int[second.Length];
        for (int j = 0; j < second.Length; j++)
        {
            if (!numbers.TryGetValue(second[j], out numberedSecond[j])) numbers[second[j]] = numberedSecond[j] = numbers.Count;
        }

        int[] numberedFirst = new int[first.Length];
        for (int i = 0; i < first.Length; i++) numberedFirst[i] = numbers.TryGetValue(first[i], out int number) ? number : numbers.Count;
        alphabetSize = numbers.Count;
        return numberedFirst;
    }
}
