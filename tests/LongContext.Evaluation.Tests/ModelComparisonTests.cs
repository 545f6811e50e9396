using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

public sealed class ModelComparisonTests
{
    [Fact]
    public void Of_PairsOfRightAndWrong_HasTheIntervalOfAgrestiAndMin()
    {
        // b is right where a is in 20 items, alone in 12, a alone in 3, neither in 5.
        ModelComparison comparison = ModelComparison.Of(Report([.. Pairs("t", 20, 1, 1), .. Pairs("t", 12, 0, 1), .. Pairs("t", 3, 1, 0), .. Pairs("t", 5, 0, 0)]), "b", "a");
        ModelTaskComparison task = Assert.Single(comparison.Tasks);
        Assert.Equal((40, 12, 25, 3), (task.Items, task.Better, task.Same, task.Worse));
        Assert.Equal(9 / 40.0, task.Difference!.Value, 12);
        // Half a case more in each cell: n 42, 12.5 and 3.5: (9 / 42) ± 1.96·√(16 − 81/42)/42.
        double half = 1.959963984540054 * Math.Sqrt(16 - (81 / 42.0)) / 42;
        Assert.Equal((9 / 42.0) - half, task.Interval!.Value.Low, 9);
        Assert.Equal((9 / 42.0) + half, task.Interval.Value.High, 9);
        Assert.Equal((true, true), (task.IsBetter, comparison.IsBetter));
        Assert.False(ModelComparison.Of(Report([.. Pairs("t", 20, 1, 1), .. Pairs("t", 12, 0, 1), .. Pairs("t", 3, 1, 0)]), "a", "b").IsBetter);
        Assert.Contains("t: +22.5 (+3.9 to +38.9), better, 40 items: 12 better, 25 the same, 3 worse", ModelComparison.Of(Report([.. Pairs("t", 20, 1, 1), .. Pairs("t", 12, 0, 1), .. Pairs("t", 3, 1, 0), .. Pairs("t", 5, 0, 0)]), "b", "a").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_FailedAndTooLongItems_TheFirstAreLeftOutTheOthersCount()
    {
        ItemResult[] items =
        [
            Item("a", "t", "1", 1), Item("b", "t", "1", 1),
            Item("a", "t", "2", 1), Item("b", "t", "2", null, ItemStatus.Failed),
            Item("a", "t", "3", null, ItemStatus.NotJudged), Item("b", "t", "3", 0),
            Item("a", "t", "4", 1), Item("b", "t", "4", null, ItemStatus.TooLong),
            Item("a", "t", "5", null, ItemStatus.TooLong), Item("b", "t", "5", null, ItemStatus.TooLong),
            Item("a", "t", "length 9", null, ItemStatus.NotMade), Item("b", "t", "length 9", null, ItemStatus.NotMade),
        ];
        ModelTaskComparison task = Assert.Single(ModelComparison.Of(Report(items), "b", "a").Tasks);
        Assert.Equal((2, 0, 1, 1), (task.Items, task.Better, task.Same, task.Worse));
        Assert.Equal((0.5, 1.0), (task.Mean, task.BaselineMean));
        // Where lower is better there is no number for what is too long.
        EvaluationReport lower = Report(items);
        lower = lower with { Tasks = [.. lower.Tasks.Select(summary => summary with { LowerIsBetter = true })] };
        Assert.Equal(1, Assert.Single(ModelComparison.Of(lower, "b", "a").Tasks).Items);
    }

    [Fact]
    public void Of_ServerFaultsAlone_MakeNobodyWorse()
    {
        // Alike in everything that both answered; half of b's answers were lost on the way.
        ItemResult[] items = [.. Enumerable.Range(0, 40).SelectMany(i => new[] { Item("a", "t", $"{i}", 1), Item("b", "t", $"{i}", i % 2 == 0 ? 1 : null, i % 2 == 0 ? ItemStatus.Scored : ItemStatus.Failed) })];
        EvaluationReport report = Report(items);
        Assert.Equal((0.0, null), (ModelComparison.Of(report, "b", "a").Difference, ModelComparison.Of(report, "b", "a").IsBetter));
        Assert.DoesNotContain("<span class=\"mark\">best</span>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("Nobody is surely best", report.ToText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, false)] // ties, at 0 too
    [InlineData(1, 1, false)]
    [InlineData(0, 1, true)]
    public void Best_OnlyWhereTheDifferenceIsSure_IsMarked(double first, double second, bool isSure)
    {
        EvaluationReport report = Report([.. Pairs("t", 30, first, second)]);
        ReportView view = ReportView.Of(report);
        Assert.Equal([false, isSure], view.Totals.Select(total => total.IsBest));
        Assert.Equal(isSure, view.IsBest(view.Tasks[0], new("b", "s")));
        Assert.Equal(isSure, report.ToText().Contains("Best on average: b", StringComparison.Ordinal));
        // Of three the best must be better than both others.
        EvaluationReport three = Report([.. Pairs("t", 30, first, second), .. Enumerable.Range(0, 30).Select(i => Item("c", "t", $"{first}-{second}-{i}", second))]);
        Assert.DoesNotContain(ReportView.Of(three).Totals, total => total.IsBest);
    }

    [Fact]
    public void Of_SeveralTasks_AveragesThoseOfShares()
    {
        EvaluationReport report = Report([.. Pairs("t", 30, 0, 1), .. Pairs("u", 15, 0.5, 0.25), .. Pairs("u", 15, 0.75, 0.25), .. Pairs("v", 5, 100, 200)]);
        ModelComparison comparison = ModelComparison.Of(report, "b", "a");
        Assert.Equal(["t", "u"], comparison.Averaged);
        Assert.Equal((1 - 0.375) / 2, comparison.Difference!.Value, 12);
        Assert.True(comparison.IsBetter);
        // All alike, and no shares: nobody knows the spread.
        Assert.Null(comparison.Tasks[2].Interval);
        Assert.Equal(100, comparison.Tasks[2].Difference);
        Assert.Equal(("s", 3), (comparison.Strategy, comparison.Tasks.Count));
    }

    [Theory]
    [InlineData(3, 0, 0, null)] // exact test: 0.25
    [InlineData(5, 0, 7, null)] // 0.0625
    [InlineData(6, 0, 0, true)] // 0.03125
    [InlineData(7, 1, 0, null)] // 0.0703
    [InlineData(8, 1, 30, true)] // 0.0391
    public void IsBetter_FewPairsThatDiffer_IsByTheExactTestToo(int better, int worse, int same, bool? isBetter)
    {
        EvaluationReport report = Report([.. Pairs("t", better, 0, 1), .. Pairs("t", worse, 1, 0), .. Pairs("t", same, 1, 1)]);
        ModelComparison comparison = ModelComparison.Of(report, "b", "a");
        Assert.Equal((isBetter, isBetter), (comparison.Tasks[0].IsBetter, comparison.IsBetter));
        Assert.Equal(isBetter == true, ReportView.Of(report).IsBest(ReportView.Of(report).Tasks[0], new("b", "s")));
        Assert.Equal(isBetter == true, ReportView.Of(report).Totals[1].IsBest);
        Assert.Equal(isBetter is null ? null : false, ModelComparison.Of(report, "a", "b").IsBetter);
    }

    [Fact]
    public void SignTest_Counts_HaveTheBinomialsProbability()
    {
        Assert.Equal(1, SignTest.PValue(0, 0));
        Assert.Equal(1, SignTest.PValue(3, 3));
        Assert.Equal(2 * (1 + 9) / 512.0, SignTest.PValue(1, 8), 12);
        // Of 100,000 pairs by the normal approximation with its correction: z = (600 − 1) / √100,000.
        Assert.Equal(2 * (1 - ConfidenceIntervals.Distribution(599 / Math.Sqrt(100_000))), SignTest.PValue(49_700, 50_300), 4);
    }

    [Fact]
    public void Of_DifferencesThatDifferByRoundingAlone_HaveNoInterval()
    {
        // 1 − 0.8 and 0.8 − 0.6 are two numbers.
        ItemResult[] items = [.. Enumerable.Range(0, 4).SelectMany(i => new[]
        {
            Item("a", "t", $"{i}", i % 2 == 0 ? 0.8 : 0.6), Item("b", "t", $"{i}", i % 2 == 0 ? 1 : 0.8),
            Item("a", "u", $"{i}", 1), Item("b", "u", $"{i}", 1),
        })];
        ModelComparison comparison = ModelComparison.Of(Report(items), "b", "a");
        Assert.Null(comparison.Tasks[0].Interval);
        Assert.NotNull(comparison.Tasks[1].Interval);
        // Nor has an average that such a task is part of.
        Assert.Equal((0.1, null), (Math.Round(comparison.Difference!.Value, 12), comparison.Interval));
        Assert.Null(ConfidenceIntervals.OfMean([0.1 + 0.2, 0.3]));
        Assert.Null(ConfidenceIntervals.OfPairedDifference([1, 0.8, 0.8], [0.8, 0.6, 0.6]));
    }

    [Fact]
    public void Of_FewDifferencesOfShares_LieWithinOne()
    {
        ConfidenceInterval interval = ModelComparison.Of(Report([Item("a", "t", "1", 0.5), Item("b", "t", "1", 1), Item("a", "t", "2", 0.5), Item("b", "t", "2", 0.25)]), "b", "a").Tasks[0].Interval!.Value;
        Assert.Equal((-1, 1), (interval.Low, interval.High));
    }

    [Fact]
    public void Verdict_WhoIsCompared_IsSaid()
    {
        // One alone did as many tasks as anybody: nothing was compared.
        ItemResult[] alone = [.. Pairs("t", 30, 0, 1), .. Enumerable.Range(0, 30).Select(i => Item("b", "u", $"{i}", 1))];
        Assert.DoesNotContain("est on average", Report(alone).ToText(), StringComparison.Ordinal);
        Assert.DoesNotContain("Nobody", Report(alone).ToText(), StringComparison.Ordinal);
        // A third who did one task only is not among the others.
        ItemResult[] fewer = [.. Pairs("t", 30, 0, 1), .. Pairs("u", 30, 0, 1), .. Enumerable.Range(0, 30).Select(i => Item("c", "t", $"0-1-{i}", 1))];
        Assert.Contains("Best on average: b; its difference to every other that did as many tasks is sure.", Report(fewer).ToText(), StringComparison.Ordinal);
        // Models and strategies both vary.
        ItemResult[] both = [.. Pairs("t", 30, 1, 1), .. Pairs("t", 30, 1, 0).Select(item => item with { Strategy = "z" })];
        Assert.Contains("Nobody is surely best: no model with any strategy is better than every other", Report(both).ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Verdict_TasksThatStrategiesDoNotApplyTo_LeaveOthersCompared()
    {
        // One strategy, and a task that was evaluated with none: two strategies do not compete.
        ItemResult[] items = [.. Pairs("t", 30, 0, 1).Where(item => item.Model == "b"), .. Enumerable.Range(0, 5).Select(i => Item("b", "p", $"{i}", 7 + i) with { Strategy = "full" })];
        Assert.DoesNotContain("surely best", Report(items).ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_FirstModelHasNoResult_ComparesWithTheNext()
    {
        ItemResult[] items = [Item("z", "t", "0-1-0", null, ItemStatus.Failed), .. Pairs("t", 30, 0, 1)];
        string text = Report(items).ToText();
        Assert.Contains("b against a: +100.0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WhatIsNotThere_IsNamed()
    {
        EvaluationReport report = Report([.. Pairs("t", 3, 0, 1), Item("c", "t", "1", 1) with { Strategy = "other" }]);
        Assert.Contains("no model 'x'; it has 'a', 'b', 'c'", Assert.Throws<ArgumentException>(() => ModelComparison.Of(report, "x", "a")).Message, StringComparison.Ordinal);
        Assert.Contains("against itself", Assert.Throws<ArgumentException>(() => ModelComparison.Of(report, "a", "a")).Message, StringComparison.Ordinal);
        Assert.Contains("both have none", Assert.Throws<ArgumentException>(() => ModelComparison.Of(report, "a", "c")).Message, StringComparison.Ordinal);
        Assert.Contains("the strategy 'other'; both have 's'", Assert.Throws<ArgumentException>(() => ModelComparison.Of(report, "a", "b", "other")).Message, StringComparison.Ordinal);
    }

    private static ItemResult Item(string model, string task, string item, double? score, ItemStatus status = ItemStatus.Scored) =>
        new() { Model = model, Strategy = "s", Task = task, Item = item, Status = status, Score = score };

    private static IEnumerable<ItemResult> Pairs(string task, int count, double first, double second) =>
        Enumerable.Range(0, count).SelectMany(i => new[] { Item("a", task, $"{first}-{second}-{i}", first), Item("b", task, $"{first}-{second}-{i}", second) });

    private static EvaluationReport Report(IReadOnlyList<ItemResult> items) => new()
    {
        Title = "t", Began = DateTimeOffset.UnixEpoch, Items = items,
        Tasks = [.. items.GroupBy(item => (item.Model, item.Strategy, item.Task)).Select(group => DemoReport.Summary([.. group], false))],
    };
}
