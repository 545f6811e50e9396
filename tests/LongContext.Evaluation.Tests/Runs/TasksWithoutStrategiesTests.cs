using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Likelihood;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Records;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.Evaluation.Tasks.Summaries;

namespace LongContext.Evaluation.Runs;

/// <summary>Tasks that go to the model past the strategies, and what tasks state together, in runs and reports.</summary>
public sealed class TasksWithoutStrategiesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_PerplexityBesideStrategies_IsEvaluatedOnceAsFullContext(bool hasFullContext)
    {
        HashScorer scorer = new(TestTokenizers.Get("bpe"));
        EvaluationModel model = new() { Name = "m", Client = new ScoringClient(RunModels.Echo(), scorer), Tokenizer = scorer.Tokenizer };
        PerplexityTask perplexity = new([new("a", "the inn stands there in the rain"), new("b", "another text")], new PerplexityTaskOptions { Lengths = [4, 8] });
        IContextStrategy[] strategies = [new CuttingStrategy(3), hasFullContext ? new FullContextStrategy() : new CuttingStrategy(5) { Name = "cut at 5" }];
        List<EvaluationProgress> told = [];
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { ProgressInterval = TimeSpan.Zero })
            .RunAsync([model], [new EchoTask("echo", 3), perplexity], strategies, new Listener(told), Token);

        Assert.Equal(4, report.Items.Count(item => item.Task == perplexity.Name));
        Assert.All(report.Items.Where(item => item.Task == perplexity.Name), item => Assert.Equal("full context", item.Strategy));
        Assert.Equal(6, report.Items.Count(item => item.Task == "echo"));
        TaskSummary summary = Assert.Single(report.Tasks, task => task.Task == perplexity.Name);
        Assert.Equal(3, report.Tasks.Count);
        Assert.False(summary.UsesStrategies);
        Assert.Equal((10, 10), (told[^1].Done, told[^1].Total));

        // The corpus's perplexity, which is no mean of the documents'.
        ItemResult[] own = [.. report.Items.Where(item => item.Task == perplexity.Name)];
        double Corpus(IEnumerable<ItemResult> some) => Math.Exp(some.Sum(item => item.Details["nats"]) / some.Sum(item => item.Details["tokens"]));
        Assert.Equal(Corpus(own), summary.Mean!.Value, 1e-9);
        Assert.NotEqual(own.Average(item => item.Score!.Value), summary.Mean.Value, 1e-3);
        Assert.Null(summary.Interval);
        Assert.Equal([4, 8], summary.LengthMeans.Select(mean => mean.Length));
        Assert.Equal(Corpus(own.Where(item => item.Length == 8)), summary.LengthMeans[1].Mean, 1e-9);
        string curve = report.ToMarkdown().Split("## By length")[1];
        Assert.Contains(Shown(summary.LengthMeans[1].Mean), curve, StringComparison.Ordinal);
        Assert.Contains("without strategies", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("without strategies", report.ToHtml(), StringComparison.Ordinal);

        // The comparison is of the other task alone.
        StrategyComparison comparison = StrategyComparison.Of(report);
        Assert.Equal(strategies.Select(strategy => strategy.Name), comparison.Standings.Select(standing => standing.Strategy));
        Assert.All(comparison.Standings, standing => Assert.Equal(3, standing.Items));
        Assert.Equal(2, report.ToMarkdown().Split("## Strategies compared")[1].Split("| m |").Length - 1);

        // What was written is read again.
        using StringWriter writer = new();
        report.WriteJsonLines(writer);
        EvaluationReport read = EvaluationReport.ReadJsonLines(new StringReader(writer.ToString()), "lines");
        Assert.Equivalent(report.Tasks, read.Tasks);
        Assert.Equal(report.ToHtml(), read.ToHtml());
    }

    [Fact]
    public async Task RunAsync_RulersTasks_ReportHasTheirTable()
    {
        ScriptedClient client = new(RulerOracle.Answer);
        EvaluationReport report = await new EvaluationRunner().RunAsync(
            [RunModels.Of(client)], Ruler.Create(new RulerOptions { Lengths = [1_024, 2_048], ItemsPerLength = 2 }, "vt", "niah_single_1"), cancellationToken: Token);
        ReportSection section = report.Sections[0];
        Assert.Equal(["RULER", "Not as published"], report.Sections.Select(one => one.Title));
        Assert.Equal(["Model", "Strategy", "1024", "2048", "Avg.", "wAvg. (inc)", "wAvg. (dec)", "Effective"], section.Columns);
        Assert.Equal(["model", "full context", "100.0", "100.0", "100.0", "100.0", "100.0", "2048 (not sure)"], Assert.Single(section.Rows));
        foreach (string text in (string[])[report.ToHtml(), report.ToMarkdown(), report.ToText()])
        {
            Assert.Contains("wAvg. (inc)", text, StringComparison.Ordinal);
            Assert.Contains("Effective", text, StringComparison.Ordinal);
        }

        using StringWriter writer = new();
        report.WriteJsonLines(writer);
        Assert.Equivalent(report.Sections, EvaluationReport.ReadJsonLines(new StringReader(writer.ToString()), "lines").Sections);
    }

    [Fact]
    public void Report_ModelThatLeavesHardItemsOut_IsNotTheBest()
    {
        EvaluationReport report = new()
        {
            Title = "t", Began = DateTimeOffset.UnixEpoch,
            Items =
            [
                .. Enumerable.Range(0, 10).Select(i => new ItemResult { Model = "short", Strategy = "s", Task = "a", Item = $"{i}", Status = i < 2 ? ItemStatus.Scored : ItemStatus.TooLong, Score = i < 2 ? 1 : null }),
                .. Enumerable.Range(0, 10).Select(i => new ItemResult { Model = "long", Strategy = "s", Task = "a", Item = $"{i}", Status = ItemStatus.Scored, Score = 0.75 }),
            ],
            Tasks =
            [
                new() { Model = "short", Strategy = "s", Task = "a", Scored = 2, TooLong = 8, Mean = 1 },
                new() { Model = "long", Strategy = "s", Task = "a", Scored = 10, Mean = 0.75 },
            ],
        };
        Assert.Equal([0.2, 0.75], report.Tasks.Select(task => task.MeanOverAll!.Value));
        string markdown = report.ToMarkdown(), html = report.ToHtml(), text = report.ToText();
        Assert.Contains("| short | 100.0 | 20.0 |", markdown, StringComparison.Ordinal);
        Assert.Contains("| long | **75.0** | 75.0 |", markdown, StringComparison.Ordinal);
        Assert.Contains("100.0, 8 too long, 20.0 of all | **75.0**", markdown, StringComparison.Ordinal);
        Assert.Contains("75.0 *", text, StringComparison.Ordinal);
        Assert.DoesNotContain("100.0 *", text, StringComparison.Ordinal);
        Assert.Contains("<td class=\"best\"><b>75.0</b>", html, StringComparison.Ordinal);
        Assert.Contains("Best on average: long; its difference to every other is sure.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Of all", (report with { Items = [], Tasks = [report.Tasks[1]] }).ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void ItemCount_Tasks_IsWhatTheyMake()
    {
        EvaluationTask[] tasks =
        [
            .. Ruler.Create(new RulerOptions { Lengths = [1_024, 1_100], ItemsPerLength = 3 }, "vt", "qa_1"), new PasskeyTask(new PasskeyTaskOptions { Lengths = [512, 600], Depths = [0, 1], ItemsPerCell = 3 }),
            new RepetitionTask(new RepetitionTaskOptions { Lengths = [512, 600], ItemsPerCell = 3 }),
            new RepetitionTask(new RepetitionTaskOptions { Lengths = [512], ItemsPerCell = 3, Form = RepetitionForm.AfterMarker, Depths = [0, 0.5] }),
            new NeedleTask(new NeedleTaskOptions { Lengths = [512, 600], Depths = [0, 0.5, 1], ItemsPerCell = 2 }),
            new MultiNeedleTask(new MultiNeedleTaskOptions { Lengths = [1_024] }),
            new KeyValueTask(new KeyValueTaskOptions { PairCounts = [3, 5], Lengths = [600], Depths = [0, 1], ItemsPerCell = 4 }),
            new QuestionTask([new Question { Text = "Who?", Answers = ["Ada"] }]),
            new SummarizationTask([new DocumentSummary { Document = "d", Summaries = ["s"] }]),
        ];
        Assert.All(tasks, task => Assert.Equal(task.CreateItems(PieceTokenizer.WordLevel).Count(), task.ItemCount));
    }

    private static string Shown(double value) => Reports.ReportNumbers.Figure(value);

    private sealed class Listener(List<EvaluationProgress> told) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => told.Add(value);
    }
}
