namespace LongContext.Evaluation.Metrics;

public sealed class SquadTests
{
    [Theory]
    [InlineData("The Denver Broncos!", "denver broncos", 100, 100)]
    [InlineData("Denver", "the Denver Broncos", 0, 200 / 3.0)] // 1 of 1 word, 1 of 2
    [InlineData("x x y", "x y y", 0, 200 / 3.0)] // bags: one x and one y
    [InlineData("the", "an", 100, 0)] // nothing is left of either
    public void ScoreVersion1_OneAnswer_IsInPercent(string prediction, string answer, double exact, double f1) =>
        AssertScores(exact, f1, Squad.ScoreVersion1(prediction, [answer]));

    [Fact]
    public void ScoreVersion1_SeveralAnswers_EachScoreIsTheHighest()
    {
        AssertScores(0, 200 / 3.0, Squad.ScoreVersion1("red house", ["green house garden", "house"]));
        AssertScores(100, 100, Squad.ScoreVersion1("red house", ["green", "Red  House."]));
        Assert.Contains("no reference", Assert.Throws<ArgumentException>(() => Squad.ScoreVersion1("x", [])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("the", 1)] // nothing is left of it
    [InlineData("Paris", 0)]
    public void ScoreVersion2_Unanswerable_WantsTheEmptyAnswer(string prediction, double expected)
    {
        AssertScores(expected, expected, Squad.ScoreVersion2(prediction, []));
        AssertScores(expected, expected, Squad.ScoreVersion2(prediction, ["...", "a"]));
    }

    [Fact]
    public void ScoreVersion2_Answerable_DropsEmptyAnswers()
    {
        AssertScores(0, 0, Squad.ScoreVersion2("", ["the", "Paris"]));
        AssertScores(1, 1, Squad.ScoreVersion2("paris", ["the", "Paris"]));
        AssertScores(0, 0.5, Squad.ScoreVersion2("Paris by night", ["Paris"]) with { ExactMatch = 0 });
    }

    private static void AssertScores(double exact, double f1, SquadScores scores)
    {
        Assert.Equal(exact, scores.ExactMatch);
        Assert.Equal(f1, scores.F1, 1e-12);
    }
}
