using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.TestSupport;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Models that are not asked to the end, items that cannot be made, and plans.</summary>
public sealed class IncompleteRunTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_ModelStopped_WhatWasNeverAskedCounts()
    {
        int answers = 0;
        ScriptedClient client = new(question => Interlocked.Increment(ref answers) <= 10 ? EchoTask.Answer(question) : throw new HttpRequestException("no", null, System.Net.HttpStatusCode.Unauthorized));
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 1, ItemsAtOnce = 1, MaximumFailuresInARow = 2 }).RunAsync(
            [RunModels.Of(client)], [new SizedTask("a", 20), new SizedTask("b", 5)], cancellationToken: Token);
        TaskSummary first = report.Tasks[0], second = report.Tasks[1];
        Assert.Equal((10, 20, 10, 1.0), (first.Scored, first.Scored + first.Failed + first.NotAsked, first.Failed + first.NotAsked, first.Mean));
        Assert.Equal(0.5, first.MeanOverAll);
        Assert.Equal((0, 5, 0.0), (second.Scored, second.NotAsked, second.MeanOverAll));
        string never = Assert.Single(report.Notes, note => note.Contains("never asked", StringComparison.Ordinal));
        Assert.Contains("5 of 'b'", never, StringComparison.Ordinal);
        Assert.DoesNotContain("folder", never, StringComparison.Ordinal);
        Assert.DoesNotContain(report.Notes, note => note.Contains("cannot be made", StringComparison.Ordinal));
        using StringWriter written = new();
        report.WriteJsonLines(written);
        Assert.Equal(5, EvaluationReport.ReadJsonLines(new StringReader(written.ToString()), "x").Tasks[1].NotAsked);
    }

    [Fact]
    public async Task RunAsync_ModelStoppedOnResume_ResultsOfLaterTasksAreStillShown()
    {
        using TemporaryFolder folder = new();
        EvaluationTask[] later = [new SizedTask("b", 6), new SizedTask("c", 4)];
        EvaluationRunOptions options = new() { Folder = folder.Path, MaximumFailuresInARow = 1, MaximumTries = 1, RequestsAtOnce = 1, ItemsAtOnce = 1 };
        // One is to be asked again, which the model that is gone cannot be; those after it are shown all the same.
        ScriptedClient before = new(question => question == "question b 1000 1" ? throw new NotSupportedException("filtered") : EchoTask.Answer(question));
        await new EvaluationRunner(options).RunAsync([RunModels.Of(before)], later, cancellationToken: Token);
        ScriptedClient gone = new(_ => throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound));
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(gone)], [new SizedTask("a", 50), .. later, new SizedTask("d", 3)], cancellationToken: Token);
        Assert.Equal([0, 5, 4, 0], report.Tasks.Select(task => task.Scored));
        Assert.Equal([0, 0, 0, 3], report.Tasks.Select(task => task.NotAsked).Select((count, i) => i == 0 ? 0 : count));
        Assert.Equal(50, report.Tasks[0].Failed + report.Tasks[0].NotAsked);
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"1000-{i}"), report.Items.Where(item => item.Task == "b").Select(item => item.Item));
        Assert.Equal((1, "1000-1"), (report.Tasks[1].Failed, report.Items.Single(item => item.Task == "b" && item.Status == ItemStatus.Failed).Item));
        // No more of each than are asked for.
        EvaluationReport few = await new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path, MaximumFailuresInARow = 1, MaximumTries = 1, MaximumItems = 2 }).RunAsync(
            [RunModels.Of(gone)], [new SizedTask("a", 50), .. later], cancellationToken: Token);
        Assert.Equal([(1, 1), (2, 0)], few.Tasks.Skip(1).Select(task => (task.Scored, task.Failed)));
    }

    [Fact]
    public async Task RunAsync_ItemsOfALengthCannotBeMade_OnlyThatLengthIsLost()
    {
        SizedTask task = new("a", 3, 1_000, 10, 2_000) { Shortest = 100 };
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(RunModels.Echo())], [task, new EchoTask("after", 2)], cancellationToken: Token);
        Assert.Equal((6, 0, 0, 3), (report.Tasks[0].Scored, report.Tasks[0].Failed, report.Tasks[0].NotAsked, report.Tasks[0].NotMade));
        Assert.Equal(1, report.Tasks[0].MeanOverAll);
        ItemResult lost = Assert.Single(report.Items, item => item.Status == ItemStatus.NotMade);
        Assert.Equal(10, lost.Length);
        Assert.Contains("too short", lost.Fault, StringComparison.Ordinal);
        Assert.Equal(2, report.Tasks[1].Scored);
        // Nothing that another run would mend.
        string note = Assert.Single(report.Notes);
        Assert.Contains("3 items cannot be made: 3 of 'a'", note, StringComparison.Ordinal);
        Assert.Contains("3 not made", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("\n3 not scored, among them:", report.ToText(), StringComparison.Ordinal);
        using StringWriter written = new();
        report.WriteJsonLines(written);
        Assert.Equal(3, EvaluationReport.ReadJsonLines(new StringReader(written.ToString()), "x").Tasks[0].NotMade);
    }

    [Fact]
    public async Task RunAsync_RulersLengthIsShorterThanItsQuestion_CountsOnceAndSaysWhatItTakes()
    {
        EvaluationTask[] tasks = [.. Ruler.Create(new RulerOptions { Lengths = [128, 192, 1_024], ItemsPerLength = 24 }, "niah_single_1", "fwe", "vt", "qa_1"), new PasskeyTask(new PasskeyTaskOptions { Lengths = [90, 1_024], Depths = [0.5], ItemsPerCell = 2 })];
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { MaximumItems = 2 }).RunAsync([RunModels.Of(new ScriptedClient(prompt => prompt.Contains("pass key", StringComparison.Ordinal) ? "1" : RulerOracle.Answer(prompt)))], tasks, cancellationToken: Token);
        Assert.All(report.Tasks, task => Assert.Equal((0, 0), (task.Failed, task.NotAsked)));
        ItemResult[] unmade = [.. report.Items.Where(item => item.Status == ItemStatus.NotMade)];
        Assert.NotEmpty(unmade);
        foreach (TaskSummary task in report.Tasks) Assert.Equal(2 * unmade.Count(item => item.Task == task.Task), task.NotMade);
        foreach (ItemResult item in unmade)
        {
            Assert.StartsWith("2 items cannot be made: ", item.Fault, StringComparison.Ordinal);
            Assert.DoesNotContain("(Parameter", item.Fault, StringComparison.Ordinal);
            int needed = (int)item.Details["tokens needed"];
            Assert.True(needed > item.Length);
            Assert.Contains($"It takes {needed} tokens at least.", item.Fault, StringComparison.Ordinal);
            // At that length the item can be made, but for tasks that make longer questions for longer texts.
            EvaluationTask task = tasks.Single(task => task.Name == item.Task);
            if (item.Task is "ruler/niah_single_1" or "passkey") Assert.NotNull(((ISizedTask)task).CreateItems(PieceTokenizer.WordLevel, needed + 8).First());
        }

        string note = Assert.Single(report.Notes, note => note.Contains("cannot be made", StringComparison.Ordinal));
        Assert.Contains($"{report.Tasks.Sum(task => task.NotMade)} items cannot be made", note, StringComparison.Ordinal);
        Assert.Contains("(length 128 takes ", note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ItemsOfATaskCannotBeMade_OthersGoOn()
    {
        EchoTask broken = new("broken", 5) { Change = item => item.Id == "2" ? throw new ArgumentException("bad settings") : item };
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(RunModels.Echo())], [broken, new EchoTask("after", 2)], cancellationToken: Token);
        Assert.Equal((2, 0, 1), (report.Tasks[0].Scored, report.Tasks[0].Failed, report.Tasks[0].NotMade));
        Assert.Contains("bad settings", report.Items[2].Fault, StringComparison.Ordinal);
        Assert.Equal(2, report.Tasks[1].Scored);
    }

    [Fact]
    public async Task RunAsync_MaximumItems_HoldsForEachLengthAndMakesNoOthers()
    {
        SizedTask task = new("a", 50, 1_000, 2_000, 4_000);
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { MaximumItems = 2 }).RunAsync(
            [RunModels.Of(RunModels.Echo())], [task, new EchoTask("plain", 9)], cancellationToken: Token);
        Assert.Equal([1_000, 1_000, 2_000, 2_000, 4_000, 4_000], report.Items.Where(item => item.Task == "a").Select(item => item.Length!.Value));
        Assert.Equal((6, 0), (task.Made, report.Tasks[0].NotAsked));
        Assert.Equal(2, report.Tasks[1].Scored);
    }

    [Fact]
    public void ItemSource_NoLimit_IsTheTaskItself()
    {
        SizedTask task = new("a", 4, 1_000, 2_000);
        Assert.Equal(task.CreateItems(PieceTokenizer.WordLevel).Select(item => item.Id), ItemSource.Of(task, PieceTokenizer.WordLevel, null).Select(made => made.Item!.Id));
        Assert.Equal(task.CreateItems(PieceTokenizer.WordLevel).Select(item => item.Id), ItemSource.Of(task, PieceTokenizer.WordLevel, 4).Select(made => made.Item!.Id));
    }

    [Fact]
    public async Task PlanAsync_SomeTasks_SaysWhatARunThenTakes()
    {
        ScriptedClient client = RunModels.Echo();
        EvaluationModel model = RunModels.Of(client) with { Price = new ModelPrice(1_000_000, 10) };
        EchoTask echo = new("echo", 30) { Change = item => item.Id == "3" ? item with { Prompt = EvaluationPrompt.FromText(string.Concat(Enumerable.Repeat("word ", 900))) } : item };
        EvaluationModel small = model with { Name = "small", ContextLength = 600, Price = null };
        EvaluationRunner runner = new(new EvaluationRunOptions { MaximumItems = 5, Currency = "EUR" });
        EvaluationPlan plan = await runner.PlanAsync([model, small], [echo, new SizedTask("a", 20, 1_000, 2_000)], cancellationToken: Token);
        Assert.Empty(client.Asked);
        Assert.Equal([5, 10, 5, 10], plan.Entries.Select(entry => entry.Items));
        Assert.Equal([0, 0, 1, 0], plan.Entries.Select(entry => entry.TooLong));
        Assert.Equal([5 * 128, 10 * 128, 4 * 128, 10 * 128], plan.Entries.Select(entry => entry.AnswerTokens));
        Assert.Null(plan.Cost);
        Assert.Contains("EUR", plan.ToString(), StringComparison.Ordinal);
        EvaluationReport report = await runner.RunAsync([model, small], [echo, new SizedTask("a", 20, 1_000, 2_000)], cancellationToken: Token);
        Assert.Equal(plan.Entries.Select(entry => entry.PromptTokens), report.Tasks.Select(task => task.InputTokens));
        Assert.Equal(plan.Requests, report.Items.Sum(item => item.Requests));
        Assert.Equal(plan.Entries[0].PromptTokens + (10 * 5 * 128 / 1e6m), plan.Entries[0].Cost);
        EvaluationPlan twice = await runner.PlanAsync([model], [echo], [new CuttingStrategy(), new CuttingStrategy(2) { Name = "other" }], Token);
        Assert.Equal((10, 2 * plan.Entries[0].PromptTokens), (twice.Requests, twice.PromptTokens));
    }

    [Fact]
    public async Task PlanAsync_ItemsThatCannotBeMade_FaultIsForReaders()
    {
        EchoTask task = new("a", 1) { Change = _ => throw new ArgumentException("The length is 3, expected more.", "length") };
        EvaluationPlan plan = await new EvaluationRunner().PlanAsync([RunModels.Of(RunModels.Echo())], [task], cancellationToken: Token);
        Assert.Equal("The length is 3, expected more.", plan.Entries[0].Fault);
    }

    [Fact]
    public async Task PlanAsync_StrategiesForTextsLongerThanTheWindow_AreCountedAtTheWindow()
    {
        EvaluationModel model = RunModels.Of(RunModels.Echo()) with { ContextLength = 600 };
        string words = string.Concat(Enumerable.Repeat("word ", 900));
        // The last one leaves no room for a question, whatever the strategy.
        EchoTask task = new("a", 3)
        {
            Change = item => item.Id == "0" ? item : item with { Prompt = new EvaluationPrompt { Context = words, After = "why?" }, Settings = item.Settings with { MaximumNewTokens = item.Id == "2" ? 599 : 128 } },
        };
        EvaluationRunner runner = new();
        EvaluationPlanEntry full = (await runner.PlanAsync([model], [task], cancellationToken: Token)).Entries[0];
        Assert.Equal((3, 2, 1), (full.Items, full.TooLong, full.Requests));
        EvaluationPlan plan = await runner.PlanAsync([model], [task], [new FullContextStrategy(), new CuttingStrategy()], Token);
        EvaluationPlanEntry both = plan.Entries[0];
        const int Room = 600 - 128 - 64;
        Assert.Equal((3, 2, 3, (2 * full.PromptTokens) + Room, Room, 3 * 128), (both.Items, both.TooLong, both.Requests, both.PromptTokens, both.LongestPrompt, both.AnswerTokens));
        EvaluationReport report = await runner.RunAsync([model], [task], [new FullContextStrategy(), new CuttingStrategy()], cancellationToken: Token);
        Assert.Equal(both.Requests, report.Items.Sum(item => item.Requests));
        Assert.Contains("without judges", plan.ToString().TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Contains("2 items do not fit whole", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TaskSaysLessThanItHas_ProgressStaysWithinTheTotal()
    {
        List<EvaluationProgress> told = [];
        SizedTask task = new("a", 3, 1_000, 2_000) { WithoutLength = 3 };
        await new EvaluationRunner(new EvaluationRunOptions { MaximumItems = 3, ItemsAtOnce = 1, ProgressInterval = TimeSpan.Zero }).RunAsync(
            [RunModels.Of(RunModels.Echo())], [task], progress: new Listener(told.Add), cancellationToken: Token);
        Assert.Equal(9, told[^1].Done);
        Assert.All(told, progress => Assert.True(progress.Done <= progress.Total && progress.Tasks[0].Done <= progress.Tasks[0].Total));
    }

    private sealed class Listener(Action<EvaluationProgress> told) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => told(value);
    }

    /// <summary>Questions at some lengths, for a model that echoes.</summary>
    private sealed class SizedTask(string name, int each, params int[] lengths) : AnswerTask, ISizedTask
    {
        private int made;

        public override string Name => name;

        public override string Identity => $"sized {name} {each}";

        public override int? ItemCount => Lengths.Count * each;

        public IReadOnlyList<int> Lengths => lengths.Length == 0 ? [1_000] : lengths;

        public int Shortest { get; init; }

        /// <summary>Items that come first and have no length.</summary>
        public int WithoutLength { get; init; }

        public int Made => made;

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => CreateItems(tokenizer, Lengths[0]).Take(WithoutLength)
            .Select(item => item with { Id = "free" + item.Id, Length = null }).Concat(Lengths.SelectMany(length => CreateItems(tokenizer, length)));

        public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) => Enumerable.Range(0, each).Select(i =>
        {
            if (length < Shortest) throw new ArgumentException("too short");
            made++;
            return new EvaluationItem { Id = $"{length}-{i}", Length = length, Prompt = EvaluationPrompt.FromText($"question {name} {length} {i}"), Answers = [$"answer {name} {length} {i}"] };
        });

        public override ItemScore Score(EvaluationItem item, string answer) => new(answer == item.Answer ? 1 : 0);
    }
}
