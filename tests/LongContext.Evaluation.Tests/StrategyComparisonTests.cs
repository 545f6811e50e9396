using LongContext.Evaluation.Strategies;

namespace LongContext.Evaluation;

public class StrategyComparisonTests
{
    [Fact]
    public void Of_FullContextAsBaseline_IsNamedByItsConstant()
    {
        EvaluationReport report = Report([Result(new FullContextStrategy().Name, "t", "1", 1), Result("other", "t", "1", 0.5)]);
        Assert.Equal([1.0, 0.5], StrategyComparison.Of(report, FullContextStrategy.StrategyName).Standings.Select(standing => standing.Normalized));
    }

    [Fact]
    public void Of_ItemsNotMadeOrJudged_AreNothingOfTheStrategys()
    {
        EvaluationReport report = Report([
            Result("full", "t", "1", 0.5), Result("full", "t", "2", null) with { Status = ItemStatus.NotJudged }, Result("full", "t", "length 9", null) with { Status = ItemStatus.NotMade },
            Result("other", "t", "1", 0.5), Result("other", "t", "2", null),
        ]);
        Assert.Equal([0.5, 0.25], StrategyComparison.Of(report).Standings.Select(standing => standing.MeanOverAll));

        // A task that no judge rated is none to have scored 0 in.
        report = Report([Result("full", "t", "1", 0.5), Result("full", "judged", "1", null) with { Status = ItemStatus.NotJudged }]);
        Assert.Equal(0.5, StrategyComparison.Of(report).Standings[0].MeanOverAll);
        Assert.Null(StrategyComparison.Of(Report([Result("full", "judged", "1", null) with { Status = ItemStatus.NotJudged }])).Standings[0].MeanOverAll);
    }

    private static ItemResult Result(string strategy, string task, string item, double? score, long tokens = 100, decimal? cost = null, string model = "m") => new()
    {
        Model = model,
        Strategy = strategy,
        Task = task,
        Item = item,
        Status = score is null ? ItemStatus.TooLong : ItemStatus.Scored,
        Score = score,
        InputTokens = tokens,
        OutputTokens = 7,
        Duration = TimeSpan.FromSeconds(tokens),
        Cost = cost,
        Details = new Dictionary<string, double> { [StrategyDetails.ContextTokens] = 1000, [StrategyDetails.KeptTokens] = tokens },
    };

    private static EvaluationReport Report(IEnumerable<ItemResult> items, params string[] lowerIsBetter)
    {
        ItemResult[] all = [.. items];
        return new EvaluationReport
        {
            Title = "t",
            Began = DateTimeOffset.UnixEpoch,
            Items = all,
            Tasks = [.. all.Select(item => (item.Model, item.Strategy, item.Task)).Distinct()
                .Select(key => new TaskSummary { Model = key.Model, Strategy = key.Strategy, Task = key.Task, Scored = 1, LowerIsBetter = lowerIsBetter.Contains(key.Task) })],
        };
    }

    [Fact]
    public void Of_Baseline_NormalizesEveryTaskAlike()
    {
        StrategyComparison comparison = StrategyComparison.Of(
            Report(
                [
                    Result("full", "qa", "1", 0.8, 1000), Result("full", "qa", "2", 0.4, 1000), Result("full", "ppl", "1", 10, 1000),
                    Result("rag", "qa", "1", 0.2, 100), Result("rag", "qa", "2", 0.4, 200), Result("rag", "ppl", "1", 8, 300),
                ],
                "ppl"),
            "full");
        StrategyStanding full = comparison.Standings[0], rag = comparison.Standings[1];
        Assert.Equal(("full", 1.0), (full.Strategy, full.Normalized));
        // qa: 0.3 / 0.6; perplexity, where less is better: 10 / 8
        Assert.Equal(new StrategyTaskScore("qa", 2, 0.30000000000000004, 0.30000000000000004 / 0.6000000000000001), rag.Tasks[0]);
        Assert.Equal(new StrategyTaskScore("ppl", 1, 8, 1.25), rag.Tasks[1]);
        Assert.Equal(0.875, rag.Normalized!.Value, 12);
        Assert.Equal((200.0, 7.0, 3, 1.0), (rag.InputTokens, rag.OutputTokens, rag.Items, rag.Answered));
        Assert.Equal(TimeSpan.FromSeconds(200), rag.Duration);
        Assert.Equal(0.2, rag.KeptShare!.Value, 12);
        Assert.Equal(0.3, rag.MeanOverAll!.Value, 12);
        Assert.True(full.IsOnFront && rag.IsOnFront);
    }

    [Fact]
    public void Of_NoBaseline_IsAgainstTheBestOfEachTask()
    {
        StrategyComparison comparison = StrategyComparison.Of(Report([Result("a", "x", "1", 1), Result("a", "y", "1", 0.25), Result("b", "x", "1", 0.5), Result("b", "y", "1", 0.5)]));
        Assert.Equal([0.75, 0.75], comparison.Standings.Select(standing => standing.Normalized!.Value));
        Assert.Null(comparison.Baseline);
    }

    [Fact]
    public void Of_ItemsThatOneStrategyCouldNotAnswer_DoNotCountForTheOthersEither()
    {
        StrategyComparison comparison = StrategyComparison.Of(
            Report([Result("full", "qa", "1", 0.5), Result("full", "qa", "2", null), Result("rag", "qa", "1", 0.5), Result("rag", "qa", "2", 1, 900)]), "full");
        StrategyStanding full = comparison.Standings[0], rag = comparison.Standings[1];
        Assert.Equal(1, rag.Normalized);
        Assert.Equal(1, rag.Tasks[0].Items);
        Assert.Equal(100, rag.InputTokens);
        Assert.Equal((0.5, 1.0), (full.Answered, rag.Answered));
        Assert.Equal((0.25, 0.75), (full.MeanOverAll, rag.MeanOverAll)); // without an answer: 0
    }

    [Fact]
    public void Of_TasksThatCannotBeCompared_AreNamed()
    {
        StrategyComparison comparison = StrategyComparison.Of(
            Report(
                [
                    Result("full", "zero", "1", 0), Result("full", "long", "1", null), Result("full", "ppl", "1", 0), Result("full", "ok", "1", 1),
                    Result("rag", "zero", "1", 1), Result("rag", "long", "1", 1), Result("rag", "ppl", "1", 3), Result("rag", "ok", "1", 0.5),
                ],
                "ppl"),
            "full");
        Assert.All(comparison.Standings, standing => Assert.Equal(["zero", "long", "ppl"], standing.TasksLeftOut));
        Assert.Equal([1, 0.5], comparison.Standings.Select(standing => standing.Normalized!.Value));
        StrategyComparison nothing = StrategyComparison.Of(Report([Result("full", "long", "1", null), Result("rag", "long", "1", 1)]));
        Assert.All(nothing.Standings, standing => Assert.Null(standing.Normalized));
        Assert.All(nothing.Standings, standing => Assert.False(standing.IsOnFront));
        Assert.Null(nothing.Standings[0].InputTokens);
    }

    [Fact]
    public void Of_Front_IsWhatNothingElseBeats()
    {
        StrategyComparison byTokens = StrategyComparison.Of(Report(
            [Result("a", "x", "1", 1, 1000), Result("b", "x", "1", 0.9, 100), Result("c", "x", "1", 0.8, 200), Result("d", "x", "1", 0.9, 100), Result("e", "x", "1", 0.1, 10)]));
        Assert.Equal([true, true, false, true, true], byTokens.Standings.Select(standing => standing.IsOnFront));
        // Where all costs are known they count, re-ranking and all.
        StrategyComparison byCost = StrategyComparison.Of(Report([Result("a", "x", "1", 1, 1000, 0.1m), Result("b", "x", "1", 0.9, 100, 0.2m)]));
        Assert.Equal([true, false], byCost.Standings.Select(standing => standing.IsOnFront));
        Assert.Equal(0.2m, byCost.Standings[1].Cost);
    }

    [Fact]
    public void Of_SeveralModels_AreComparedEachByItself()
    {
        StrategyComparison comparison = StrategyComparison.Of(
            Report([Result("full", "x", "1", 1), Result("rag", "x", "1", 0.5), Result("full", "x", "1", 0.2, model: "n"), Result("rag", "x", "1", 0.4, model: "n"), Result("rag", "x", "1", 1, model: "only")]),
            "full");
        Assert.Equal([("m", 1.0), ("m", 0.5), ("n", 1.0), ("n", 2.0), ("only", (double?)null)], comparison.Standings.Select(standing => (standing.Model, standing.Normalized)));
    }

    [Fact]
    public void Of_UnknownBaseline_SaysWhichThereAre()
    {
        string message = Assert.Throws<ArgumentException>(() => StrategyComparison.Of(Report([Result("full", "x", "1", 1)]), "ful")).Message;
        Assert.Contains("\"full\"", message);
        Assert.Empty(StrategyComparison.Of(Report([]), "full").Standings);
    }
}
