namespace LongContext.Evaluation.Metrics;

public sealed class RulerMetricsTests
{
    [Fact]
    public void Matches_OnePrediction_LookForPartsWithoutCase()
    {
        Assert.Equal(0.75, RulerMetrics.MatchAll("The VALUES are 12 and ΟΔΟΣ", ["values", "12", "οδος", "13"]));
        Assert.Equal(1, RulerMetrics.MatchPart("12", ["13", "2"]));
        Assert.Equal(0, RulerMetrics.MatchPart("12", ["13"]));
        Assert.Equal(1, RulerMetrics.MatchPart("anything", [""]));
    }

    [Fact]
    public void MatchAll_Task_RoundsAsPython()
    {
        // 97 of 800 are 12.125 % exactly: a tie, which goes to the even digit.
        string[] predictions = [.. Enumerable.Range(0, 800).Select(i => i < 97 ? "yes" : "no")];
        string[][] references = [.. predictions.Select(_ => (string[])["yes"])];
        Assert.Equal(12.12, RulerMetrics.MatchAll(predictions, references));
        Assert.Equal(12.12, RulerMetrics.MatchPart(predictions, references));
        Assert.Equal(66.67, RulerMetrics.MatchAll(["a b"], [["a", "b", "c"]]));
    }

    [Theory]
    [InlineData("\u0000 a\tb\r\nc \u001F", "a\nb\n\nc")]
    [InlineData("\u0007x\u0001 ", "x")]
    [InlineData("\u007Fx", "\u007Fx")]
    public void Clean_ControlCharacters_BecomeLineFeeds(string text, string expected) => Assert.Equal(expected, RulerMetrics.Clean(text));

    [Fact]
    public void Matches_BadInput_Throws()
    {
        Assert.Throws<ArgumentException>(() => RulerMetrics.MatchAll("x", []));
        Assert.Throws<ArgumentException>(() => RulerMetrics.MatchAll([], []));
        Assert.Contains("2 lists of references for 1", Assert.Throws<ArgumentException>(() => RulerMetrics.MatchPart(["x"], [["x"], ["y"]])).Message, StringComparison.Ordinal);
    }
}
