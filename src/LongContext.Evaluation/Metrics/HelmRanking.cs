namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Measures of a ranking as HELM's RankingMetric computes them with trec_eval 9.0.8: reciprocal rank and normalised discounted cumulative gain.
/// </summary>
/// <remarks>
/// trec_eval ranks by score, the highest first, and equal scores by the document's name, descending as strings ("q9" before "q10").
/// </remarks>
public static class HelmRanking
{
    /// <summary>RR@k: 1 over the rank of the first relevant document among the k with the highest scores, or 0 where none of them is.</summary>
    /// <param name="ranking">
    /// Documents with their scores, in the order in which the program has them: where scores are equal at the cut, the first ones are kept.
    /// </param>
    /// <param name="relevances">What was judged: documents with their relevance; what is not in it is not relevant.</param>
    /// <param name="cutoff">k, at least 1. Default: 10.</param>
    /// <param name="multipleRelevanceValues">
    /// HELM's multiple_relevance_values: a relevance of 1 then counts as none, and only 2 or more is a hit. Default false: 1 is a hit.
    /// </param>
    /// <returns>0 to 1.</returns>
    /// <exception cref="ArgumentException">A document twice, or a score that is not a number.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cutoff"/> is below 1.</exception>
    public static double ReciprocalRank(
        IReadOnlyList<KeyValuePair<string, double>> ranking, IReadOnlyDictionary<string, int> relevances, int cutoff = 10, bool multipleRelevanceValues = false)
    {
        Check(ranking, relevances, cutoff);
        // LINQ's sort is stable, as Python's is.
        string[] ranked = Rank(ranking.OrderByDescending(document => document.Value).Take(cutoff));
        int least = multipleRelevanceValues ? 2 : 1;
        int first = Array.FindIndex(ranked, document => relevances.GetValueOrDefault(document) >= least);
        return first < 0 ? 0 : 1.0 / (first + 1);
    }

    /// <summary>
    /// NDCG@k (Järvelin and Kekäläinen 2002) as trec_eval's ndcg_cut: the gain is the relevance itself, the discount log2(rank + 1), the ideal that of
    /// all judged documents.
    /// </summary>
    /// <param name="ranking">Documents with their scores.</param>
    /// <param name="relevances">What was judged: documents with their relevance; negative ones gain nothing.</param>
    /// <param name="cutoff">k, at least 1. Default: 10.</param>
    /// <returns>0 to 1; 0 where no judged document is relevant.</returns>
    /// <exception cref="ArgumentException">A document twice, or a score that is not a number.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cutoff"/> is below 1.</exception>
    public static double NormalizedDiscountedCumulativeGain(
        IReadOnlyList<KeyValuePair<string, double>> ranking, IReadOnlyDictionary<string, int> relevances, int cutoff = 10)
    {
        Check(ranking, relevances, cutoff);
        double ideal = Gain(relevances.Values.OrderDescending(), cutoff);
        return ideal > 0 ? Gain(Rank(ranking).Select(document => relevances.GetValueOrDefault(document)), cutoff) / ideal : 0;
    }

    private static double Gain(IEnumerable<int> relevances, int cutoff) =>
        relevances.Take(cutoff).Select((relevance, index) => relevance > 0 ? relevance / Math.Log2(index + 2) : 0).Sum();

    private static string[] Rank(IEnumerable<KeyValuePair<string, double>> documents) =>
        [.. documents.OrderByDescending(document => document.Value).ThenByDescending(document => document.Key, CodePointOrder).Select(document => document.Key)];

    private static void Check(IReadOnlyList<KeyValuePair<string, double>> ranking, IReadOnlyDictionary<string, int> relevances, int cutoff)
    {
        ArgumentNullException.ThrowIfNull(ranking);
        ArgumentNullException.ThrowIfNull(relevances);
        ArgumentOutOfRangeException.ThrowIfLessThan(cutoff, 1);
        HashSet<string> seen = [];
        foreach ((string document, double score) in ranking)
        {
            if (!seen.Add(document)) throw new ArgumentException($"The document \"{document}\" is ranked twice.", nameof(ranking));
            if (double.IsNaN(score)) throw new ArgumentException($"The score of \"{document}\" is not a number.", nameof(ranking));
        }
    }

    // trec_eval compares the bytes of UTF-8, whose order is that of code points; UTF-16's is another beyond the first plane.
    private static readonly Comparer<string> CodePointOrder =
        Comparer<string>.Create((first, second) => CodePoints.Of(first).AsSpan().SequenceCompareTo(CodePoints.Of(second)));
}
