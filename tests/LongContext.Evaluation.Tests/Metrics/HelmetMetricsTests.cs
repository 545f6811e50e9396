namespace LongContext.Evaluation.Metrics;

public sealed class HelmetMetricsTests
{
    [Theory]
    [InlineData("So.\nANSWER: Paris \nmore", "Paris")]
    [InlineData("Answer: answer: Paris", "Paris")] // repeated at the beginning
    [InlineData("Answer: Answer: Answer: x", "Answer: x")] // but only once
    [InlineData("Answer:\nParis", "")]
    [InlineData("\nParis", "")] // the first line is empty
    [InlineData(" Paris\nLyon", "Paris")]
    [InlineData("Anſwer: Paris", "Paris")] // Python's re takes a long s for an s
    [InlineData("Answe", "Answe")]
    public void ParseOutput_Output_TakesWhatFollowsThePrefix(string output, string expected) => Assert.Equal(expected, HelmetMetrics.ParseOutput(output));

    [Fact]
    public void ParseOutput_OtherPrefix_IsLookedFor()
    {
        Assert.Equal("v", HelmetMetrics.ParseOutput("x CORRESPONDİNG value: v", "corresponding value:"));
        Assert.Equal("(b)", HelmetMetrics.ParseOutput("(a): (b)", "(a):"));
    }

    [Theory]
    [InlineData("2 > 1, or 1 > 2 > 3", "1 2 3")] // the longest chain
    [InlineData("1 > 2, 3 > 4", "1 2")] // of equal ones the first
    [InlineData("[3]\n>\u00A0[1] > [3]", "3 1")]
    [InlineData("𝟙 > 2 and 3 > 44", "3 44")] // five characters and six
    [InlineData("no number", "no number")]
    public void ParseRankings_Chains_GivePointsFromTheFirstDown(string output, string documents)
    {
        IReadOnlyList<KeyValuePair<string, double>> ranking = HelmetMetrics.ParseRankings(output);
        Assert.Equal(documents == "no number" ? [documents] : documents.Split(' '), ranking.Select(pair => pair.Key));
        Assert.True(ranking.Zip(ranking.Skip(1), (first, second) => first.Value > second.Value).All(falls => falls));
    }

    [Fact]
    public void ParseRankings_NamedTwice_KeepsItsFirstPoints() =>
        Assert.Equal([new("5", 3), new("6", 2)], HelmetMetrics.ParseRankings("5 > 6 > 5"));

    [Fact]
    public void Score_YesAndNo_HaveNoWordsInCommonWithAnythingElse()
    {
        Assert.Equal(0, HelmetMetrics.Score("yes it is", ["yes"]).F1);
        Assert.Equal(1, HelmetMetrics.Score("Yes.", ["yes"]).F1);
        Assert.Equal(1, HelmetMetrics.Score("yes it is", ["yes"]).SubstringExactMatch);
        Assert.Equal(0.5, HelmetMetrics.Score("maybe it is", ["maybe"]).F1, 1e-12);
    }

    [Fact]
    public void ScoreOutput_ParsedAndWhole_GiveTheHigherOfEach()
    {
        HelmetScores scores = HelmetMetrics.ScoreOutput("Lyon. Answer: Paris", ["Paris", "Lyon Paris"]);
        Assert.Equal((1.0, 1.0, 1.0), (scores.ExactMatch, scores.F1, scores.SubstringExactMatch));
        Assert.Equal(0, HelmetMetrics.Score("Lyon. Answer: Paris", ["Paris", "Lyon Paris"]).ExactMatch);
        Assert.Throws<ArgumentException>(() => HelmetMetrics.ScoreOutput("x", []));
    }
}
