namespace LongContext.Evaluation.Metrics;

/// <summary>
/// ROUGE (Lin 2004, "ROUGE: A package for automatic evaluation of summaries") as Google's rouge_score package computes it, which Hugging Face's evaluate
/// and most papers on summaries use. Other packages give other figures for the same texts: name this one beside a figure.
/// </summary>
/// <remarks>
/// Words are runs of a–z and 0–9 in lower-case; all else separates, so that text in other scripts has no word and scores 0. N-grams
/// are counted as bags. ROUGE-L is bit-parallel (Hyyrö 2004): time by the product of the lengths over 64, memory by their sum.
/// </remarks>
public static class GoogleRouge
{
    /// <summary>All four scores of a prediction.</summary>
    /// <param name="prediction">The text to score; its lines are the sentences of ROUGE-Lsum.</param>
    /// <param name="reference">The text that it should be, likewise.</param>
    /// <param name="stems">
    /// Whether words of more than three characters are reduced by Porter's stemmer, as HELMET and many papers do. Default false, as Hugging Face's evaluate.
    /// </param>
    public static RougeScores Score(string prediction, string reference, bool stems = false)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(reference);
        var words = new RougeWords(stems);
        int[][] predicted = words.Lines(prediction), wanted = words.Lines(reference);
        int[] predictedWords = [.. predicted.SelectMany(line => line)], wantedWords = [.. wanted.SelectMany(line => line)];
        return new RougeScores(
            RougeAlgorithm.Grams(predictedWords, wantedWords, 1),
            RougeAlgorithm.Grams(predictedWords, wantedWords, 2),
            RougeAlgorithm.Subsequence(predictedWords, wantedWords),
            RougeAlgorithm.UnitedSubsequences(predicted, wanted, words.Count));
    }

    /// <summary>Of several references, each score against that one which gives it the highest F1, as the package's score_multi.</summary>
    /// <param name="prediction">The text to score.</param>
    /// <param name="references">At least one text that it should be.</param>
    /// <param name="stems">As above.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static RougeScores Score(string prediction, IReadOnlyList<string> references, bool stems = false)
    {
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count == 0) throw new ArgumentException("There is no reference to score against.", nameof(references));
        RougeScores[] scores = [.. references.Select(reference => Score(prediction, reference, stems))];
        return new RougeScores(Best(score => score.Rouge1), Best(score => score.Rouge2), Best(score => score.RougeL), Best(score => score.RougeLsum));

        PrecisionRecall Best(Func<RougeScores, PrecisionRecall> of) => scores.Select(of).MaxBy(score => score.F1);
    }

    /// <summary>ROUGE-N for any n.</summary>
    /// <param name="prediction">The text to score.</param>
    /// <param name="reference">The text that it should be.</param>
    /// <param name="n">Words of an n-gram, at least 1.</param>
    /// <param name="stems">As above.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is below 1.</exception>
    public static PrecisionRecall ScoreGrams(string prediction, string reference, int n, bool stems = false)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        var words = new RougeWords(stems);
        return RougeAlgorithm.Grams([.. words.Lines(prediction).SelectMany(line => line)], [.. words.Lines(reference).SelectMany(line => line)], n);
    }
}
