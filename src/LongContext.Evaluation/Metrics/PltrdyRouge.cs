namespace LongContext.Evaluation.Metrics;

/// <summary>
/// ROUGE (Lin 2004) as the Python package <c>rouge</c> 1.0.1 computes it (pltrdy/rouge, commit c1b90a7: <c>get_scores(…, avg=True)</c>), which LongBench uses. Other
/// packages give other figures for the same texts (<see cref="GoogleRouge"/>): name this one beside a figure.
/// </summary>
/// <remarks>
/// <para>Sentences end at each full stop, also inside 3.14; words are what whitespace separates, with case and punctuation. All counts are of different words
/// or pairs, however often they occur. ROUGE-L unites the words of the longest common subsequences of all sentences with each other; of several
/// subsequences of that length the walk back from the end takes the one that leaves the reference's word only where that is strictly longer.</para>
/// <para>Bit-parallel (Hyyrö 2004), memory by the lengths' sum. Pairs of sentences that cannot add a word are passed over.</para>
/// </remarks>
public static class PltrdyRouge
{
    /// <summary>All three scores of a prediction.</summary>
    /// <param name="prediction">The text to score: the package's hypothesis.</param>
    /// <param name="reference">The text that it should be.</param>
    /// <exception cref="ArgumentException">A text holds nothing but full stops, or nothing at all; the package fails likewise.</exception>
    public static PltrdyRougeScores Score(string prediction, string reference)
    {
        PltrdyText said = Read(prediction, nameof(prediction), out PltrdyText wanted, reference, nameof(reference));
        return new PltrdyRougeScores(said.CommonWords(wanted), said.CommonPairs(wanted), PltrdySubsequences.Score(said, wanted));
    }

    /// <summary>
    /// Whether the package would fail on two texts for CPython's recursion limit of 1,000: its walk back along a common subsequence calls itself at each
    /// step, and two sentences of together about 1,000 words may be too much. LongBench scores such a prediction 0.
    /// </summary>
    /// <param name="prediction">The text to score.</param>
    /// <param name="reference">The text that it should be.</param>
    /// <param name="callers">Python functions between the script and the package, each of which takes one from the limit. Default 0, at least 0.</param>
    /// <exception cref="ArgumentException">A text without a sentence, as above.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="callers"/> is negative.</exception>
    public static bool ExceedsRecursionLimit(string prediction, string reference, int callers = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(callers);
        PltrdyText said = Read(prediction, nameof(prediction), out PltrdyText wanted, reference, nameof(reference));
        return PltrdySubsequences.ExceedsRecursionLimit(said, wanted, callers);
    }

    /// <summary>ROUGE-L alone, or null where the package fails: for want of a sentence, or by the recursion limit if the number of callers is given.</summary>
    internal static PltrdyRougeScore? TryRougeL(string prediction, string reference, int? callers)
    {
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        PltrdyText said = PltrdyText.Read(prediction, numbers), wanted = PltrdyText.Read(reference, numbers);
        if (said.Sentences.Length == 0 || wanted.Sentences.Length == 0) return null;
        if (callers is { } count && PltrdySubsequences.ExceedsRecursionLimit(said, wanted, count)) return null;
        return PltrdySubsequences.Score(said, wanted);
    }

    private static PltrdyText Read(string prediction, string predictionName, out PltrdyText wanted, string reference, string referenceName)
    {
        ArgumentNullException.ThrowIfNull(prediction, predictionName);
        ArgumentNullException.ThrowIfNull(reference, referenceName);
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        PltrdyText said = PltrdyText.Read(prediction, numbers);
        wanted = PltrdyText.Read(reference, numbers);
        if (said.Sentences.Length == 0) throw NoSentence(predictionName);
        if (wanted.Sentences.Length == 0) throw NoSentence(referenceName);
        return said;
    }

    private static ArgumentException NoSentence(string name) => new($"The {name} has no sentence: it is empty or holds full stops alone.", name);
}
