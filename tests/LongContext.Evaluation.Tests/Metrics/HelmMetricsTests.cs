namespace LongContext.Evaluation.Metrics;

public sealed class HelmMetricsTests
{
    [Theory]
    [InlineData("15 eggs", "The answer is 15.", 1)]
    [InlineData("1,000", "1000", 1)]
    [InlineData("-5", "5", 0)]
    [InlineData("--5", "-5", 1)]
    [InlineData("3.14", "3-14", 0)]
    [InlineData("so 3-14", "is 3-14", 1)] // any character is a decimal separator
    [InlineData("7 3", "3", 0)] // even a blank
    [InlineData("7\n3", "3", 1)] // but no line feed
    [InlineData("7 x 3", "3", 1)]
    [InlineData("5😀3", "5😀3", 1)]
    [InlineData("5😀3", "3", 0)]
    [InlineData("𝟙𝟚", "𝟙𝟚", 1)] // digits beyond the first plane
    [InlineData("𝟙𝟚", "12", 0)]
    [InlineData(",", ",", 0)] // nothing is left of it
    [InlineData("none", "none", 0)]
    public void FinalNumberExactMatch_LastNumbers_AreComparedAsText(string prediction, string reference, double expected) =>
        Assert.Equal(expected, HelmMetrics.FinalNumberExactMatch(prediction, [reference]));

    [Fact]
    public void Matches_Forms_DifferInWhatTheyLeaveOut()
    {
        Assert.Equal(1, HelmMetrics.ExactMatch(" Yes\n", ["no", "Yes"]));
        Assert.Equal(0, HelmMetrics.ExactMatch("yes", ["Yes"]));
        Assert.Equal(1, HelmMetrics.QuasiExactMatch("the yes.", ["Yes"]));
        Assert.Equal(0, HelmMetrics.QuasiExactMatchWithArticles("the yes.", ["Yes"]));
        Assert.Equal(1, HelmMetrics.QuasiExactMatchWithArticles("The yes.", ["the Yes"]));
        Assert.Equal(1, HelmMetrics.PrefixExactMatch("Yes, Elmendorf", ["Yes"]));
        Assert.Equal(0, HelmMetrics.PrefixExactMatch("yes, Elmendorf", ["Yes"]));
        Assert.Equal(1, HelmMetrics.QuasiPrefixExactMatch("yes, Elmendorf", ["The Yes"]));
    }

    [Fact]
    public void Matches_EmptyPrediction_MatchesNothing()
    {
        Func<string, IReadOnlyList<string>, double>[] all =
        [
            HelmMetrics.ExactMatch, HelmMetrics.QuasiExactMatch, HelmMetrics.QuasiExactMatchWithArticles, HelmMetrics.PrefixExactMatch,
            HelmMetrics.QuasiPrefixExactMatch, HelmMetrics.F1, HelmMetrics.FinalNumberExactMatch,
        ];
        foreach (Func<string, IReadOnlyList<string>, double> metric in all)
        {
            Assert.Equal(0, metric("", [""]));
            Assert.Throws<ArgumentException>(() => metric("x", []));
            Assert.Throws<ArgumentNullException>(() => metric(null!, ["x"]));
        }

        Assert.Equal(1, HelmMetrics.PrefixExactMatch("x", [""]));
    }

    [Fact]
    public void F1_RepeatedWords_CountOnce() => Assert.Equal(1, HelmMetrics.F1("x x x y", ["y y x"]), 1e-12);
}
