namespace LongContext.Evaluation.Metrics;

public sealed class HelmRankingTests
{
    private static readonly Dictionary<string, int> Relevances = new() { ["q9"] = 1, ["q10"] = 3, ["unranked"] = 2 };

    [Fact]
    public void Measures_EqualScores_RankLaterNamesFirst()
    {
        // trec_eval's order is q9, q10: as strings, descending.
        KeyValuePair<string, double>[] ranking = [new("q10", 1), new("q9", 1)];
        Assert.Equal(1, HelmRanking.ReciprocalRank(ranking, Relevances));
        Assert.Equal(0.5, HelmRanking.ReciprocalRank(ranking, Relevances, multipleRelevanceValues: true));
        double ideal = 3 + (2 / Math.Log2(3)) + (1 / Math.Log2(4));
        Assert.Equal((1 + (3 / Math.Log2(3))) / ideal, HelmRanking.NormalizedDiscountedCumulativeGain(ranking, Relevances), 1e-12);
    }

    [Fact]
    public void Measures_EqualScores_CompareBytesOfUtf8()
    {
        // U+FF5E stands before U+1F600 in UTF-8 and after its first surrogate in UTF-16.
        KeyValuePair<string, double>[] ranking = [new("\uFF5E", 1), new("😀", 1)];
        Assert.Equal(1, HelmRanking.ReciprocalRank(ranking, new Dictionary<string, int> { ["😀"] = 1 }));
    }

    [Fact]
    public void ReciprocalRank_EqualScoresAtTheCut_KeepsTheFirstGiven()
    {
        // Cut to one in the given order, though trec_eval would rank b before a.
        KeyValuePair<string, double>[] ranking = [new("a", 1), new("b", 1)];
        Assert.Equal(0, HelmRanking.ReciprocalRank(ranking, new Dictionary<string, int> { ["b"] = 1 }, cutoff: 1));
        Assert.Equal(1, HelmRanking.ReciprocalRank(ranking, new Dictionary<string, int> { ["a"] = 1 }, cutoff: 1));
        Assert.Equal(1, HelmRanking.ReciprocalRank(ranking, new Dictionary<string, int> { ["b"] = 1 }, cutoff: 2));
    }

    [Fact]
    public void NormalizedDiscountedCumulativeGain_Cutoff_CutsTheIdealToo()
    {
        KeyValuePair<string, double>[] ranking = [new("q10", 3), new("q9", 2), new("unranked", 1)];
        Assert.Equal(1, HelmRanking.NormalizedDiscountedCumulativeGain(ranking, Relevances, cutoff: 1));
        double ideal = 3 + (2 / Math.Log2(3));
        Assert.Equal((3 + (1 / Math.Log2(3))) / ideal, HelmRanking.NormalizedDiscountedCumulativeGain(ranking, Relevances, cutoff: 2), 1e-12);
        Assert.Equal(0, HelmRanking.NormalizedDiscountedCumulativeGain(ranking, new Dictionary<string, int> { ["q9"] = 0, ["q10"] = -1 }));
        Assert.Equal(0, HelmRanking.NormalizedDiscountedCumulativeGain([], Relevances));
    }

    [Fact]
    public void Measures_BadInput_NamesTheDocument()
    {
        Assert.Contains("\"a\"", Assert.Throws<ArgumentException>(() => HelmRanking.ReciprocalRank([new("a", 1), new("a", 2)], Relevances)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => HelmRanking.NormalizedDiscountedCumulativeGain([new("a", double.NaN)], Relevances));
        Assert.Throws<ArgumentOutOfRangeException>(() => HelmRanking.ReciprocalRank([], Relevances, cutoff: 0));
    }
}
