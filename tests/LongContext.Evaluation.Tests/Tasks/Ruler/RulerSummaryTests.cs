namespace LongContext.Evaluation.Tasks.Ruler;

public sealed class RulerSummaryTests
{
    [Fact]
    public void Create_TheTableOfTheRepository_IsMadeAgain()
    {
        // Llama3.1 (70B): 96.5, 95.8, 95.4, 94.8, 88.4, 66.6; Avg. 89.6, wAvg. (inc) 85.5, wAvg. (dec) 93.7, effective length 64K.
        double[] averages = [96.5, 95.8, 95.4, 94.8, 88.4, 66.6];
        RulerSummary summary = Assert.Single(RulerSummary.Create(averages.SelectMany((average, i) => Results("llama", 4_096 << i, average))));
        Assert.Equal(("llama", "full context"), (summary.Model, summary.Strategy));
        Assert.Equal([4_096, 8_192, 16_384, 32_768, 65_536, 131_072], summary.Lengths.Select(length => length.Length));
        Assert.Equal(averages, summary.Lengths.Select(length => Math.Round(length.Average, 6)));
        Assert.Equal((89.6, 85.5, 93.7), (Math.Round(summary.Average, 1), Math.Round(summary.IncreasingAverage, 1), Math.Round(summary.DecreasingAverage, 1)));
        Assert.Equal(65_536, summary.EffectiveLength);
    }

    [Theory]
    [InlineData(new[] { 85.6, 99 }, null)] // it must exceed
    [InlineData(new[] { 85.7, 60, 99 }, 4_096)] // and at all lengths before
    [InlineData(new[] { 90.0, 90, 90 }, 16_384)]
    public void EffectiveLength_Averages_EndsAtTheFirstThatFails(double[] averages, int? expected) =>
        Assert.Equal(expected, RulerSummary.Create(averages.SelectMany((average, i) => Results("m", 4_096 << i, average)))[0].EffectiveLength);

    [Fact]
    public void EffectiveLength_LengthLacksATask_EndsBefore()
    {
        ItemResult[] results = [.. Results("m", 4_096, 95), .. Results("m", 8_192, 95).Take(1), .. Results("m", 16_384, 95)];
        RulerSummary summary = Assert.Single(RulerSummary.Create(results));
        Assert.Equal((4_096, 2), (summary.EffectiveLength, summary.TaskCount));
        Assert.Null(Assert.Single(RulerSummary.Create(results.Skip(1))).EffectiveLength);
        ReportSection Table(IEnumerable<ItemResult> items) =>
            RulerBenchmark.Instance.Summarize(new EvaluationReport { Title = "t", Began = DateTimeOffset.UnixEpoch, Items = [.. items], Tasks = [] })!;
        Assert.Equal(["m", "full context", "95.0", "98.0 (1 of 2)", "95.0", "96.0", "96.0", "96.0", "4096 (not sure)"], Table(results).Rows[0]);
        Assert.Equal("–", Table(results.Skip(1)).Rows[0][^1]);
        Assert.Contains("at most 2 of the 13 tasks", Table(results).Remark, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 2, false)] // two right ones of two leave open every mean above a third
    [InlineData(200, 200, true)]
    [InlineData(200, 170, false)] // 85 % and 85.6 are one to 200 items
    [InlineData(200, 60, true)]
    [InlineData(4, 3, false)]
    public void IsEffectiveLengthSure_ByItems_SaysWhetherTheyAreEnough(int count, int right, bool isSure)
    {
        ItemResult[] Of(int length, int good) => [.. Enumerable.Range(0, count).Select(i => new ItemResult
        {
            Model = "m", Strategy = "full context", Task = "ruler/vt", Item = $"{length}-{i}", Status = ItemStatus.Scored, Score = i < good ? 1 : 0, Length = length,
        })];
        RulerSummary alone = Assert.Single(RulerSummary.Create(Of(4_096, right)));
        Assert.Equal(isSure, alone.IsEffectiveLengthSure);
        // Behind a length that is surely passed, or not.
        RulerSummary summary = Assert.Single(RulerSummary.Create([.. Of(2_048, count), .. Of(4_096, right)]));
        Assert.Equal(isSure, summary.IsEffectiveLengthSure);
        string cell = RulerBenchmark.Instance.Summarize(new EvaluationReport { Title = "t", Began = DateTimeOffset.UnixEpoch, Items = [.. Of(2_048, count), .. Of(4_096, right)], Tasks = [] })!.Rows[0][^1];
        Assert.Equal(!isSure, cell.EndsWith(" (not sure)", StringComparison.Ordinal));
        Assert.Equal(right == count ? 4_096 : 2_048, summary.EffectiveLength);
    }

    [Fact]
    public void Create_SeveralModelsAndOtherTasks_KeepsThemApart()
    {
        ItemResult other = Results("a", 4_096, 50).First() with { Task = "passkey" };
        ItemResult failed = Results("a", 4_096, 50).First() with { Score = null, Status = ItemStatus.Failed };
        IReadOnlyList<RulerSummary> summaries = RulerSummary.Create([other, failed, .. Results("a", 4_096, 50), .. Results("b", 4_096, 90)], thresholdPercentage: 40);
        Assert.Equal([("a", 50.0), ("b", 90.0)], summaries.Select(summary => (summary.Model, Math.Round(summary.Average, 6))));
        Assert.Equal(["niah_single_1", "vt"], summaries[0].Lengths[0].Scores.Keys);
        Assert.All(summaries, summary => Assert.Equal(4_096, summary.EffectiveLength));
        Assert.Empty(RulerSummary.Create([other]));
        // A share would be less than one per cent.
        Assert.Throws<ArgumentOutOfRangeException>(() => RulerSummary.Create([other], 0.856));
    }

    [Fact]
    public void Summarize_Scores_RoundsEachLengthAsPythonDoes()
    {
        RulerTask task = Assert.Single(Ruler.Create("vt"));
        ItemResult[] results = [.. new[] { 1 / 3.0, 1, 0.2 }.Select(score => Result("vt", 4_096, score)), .. new[] { 1, 0.6 }.Select(score => Result("vt", 8_192, score))];
        Assert.Equal([new TaskFigure("4096", 51.11), new TaskFigure("8192", 80), new TaskFigure("average", 65.56)], task.Summarize(results));
        Assert.Equal([new TaskFigure("average", null)], task.Summarize([]));
        // 2.675 is a little less in binary, and numpy's rounding would give 2.68.
        Assert.Equal(2.67, task.Summarize([Result("vt", 4_096, 0.02675)])[0].Value);
    }

    [Fact]
    public void Score_Answers_CountsTheShareOrAny()
    {
        RulerTask all = Assert.Single(Ruler.Create("niah_multiquery")), any = Assert.Single(Ruler.Create("qa_1"));
        EvaluationItem item = new() { Id = "", Prompt = new EvaluationPrompt(), Answers = ["Alpha", "beta", "GAMMA", "delta"] };
        Assert.Equal(0.75, all.Score(item, " alpha and BETA, gamma.\u0000").Value);
        Assert.Equal("alpha\nbeta", all.Score(item, "\u0001 alpha\tbeta \n").Judged);
        Assert.Equal(1, any.Score(item, "it is delta").Value);
        Assert.Equal(0, any.Score(item, "none").Value);
    }

    private static IEnumerable<ItemResult> Results(string model, int length, double average) =>
        new[] { ("niah_single_1", Math.Min(100, average + 3)), ("vt", (2 * average) - Math.Min(100, average + 3)) }.Select(task => Result(task.Item1, length, task.Item2 / 100) with { Model = model });

    private static ItemResult Result(string task, int length, double score) => new()
    {
        Model = "m", Strategy = "full context", Task = "ruler/" + task, Item = "1", Status = ItemStatus.Scored, Score = score, Length = length,
    };
}
