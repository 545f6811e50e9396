using LongContext.Evaluation.Support;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Runs;

public sealed class EvaluationRunnerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_ModelsAndTasks_ReportsAllInOrder()
    {
        ScriptedClient right = RunModels.Echo(), wrong = new(_ => "no");
        EvaluationReport report = await new EvaluationRunner().RunAsync(
            [RunModels.Of(right, "right"), RunModels.Of(wrong, "wrong")], [new EchoTask("a", 20), new EchoTask("b", 3)], cancellationToken: Token);

        Assert.Equal(46, report.Items.Count);
        Assert.Equal(
            new[] { "right", "wrong" }.SelectMany(model => Enumerable.Range(0, 20).Select(i => (model, "a", $"{i}")).Concat(Enumerable.Range(0, 3).Select(i => (model, "b", $"{i}")))),
            report.Items.Select(item => (item.Model, item.Task, item.Item)));
        Assert.Equal([1, 1, 0, 0], report.Tasks.Select(task => task.Mean!.Value));
        Assert.Equal([100, 100, 0, 0], report.Tasks.Select(task => task.Figures[0].Value!.Value));
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));
        Assert.Equal(23, right.Asked.Count);
        Assert.Empty(report.Notes);
    }

    [Fact]
    public async Task RunAsync_AgainOnAFolder_AsksNothing()
    {
        using TemporaryFolder folder = new();
        ScriptedClient client = RunModels.Echo();
        EvaluationRunOptions options = new() { Folder = folder.Path };
        EvaluationReport first = await new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 20)], cancellationToken: Token);
        EvaluationReport second = await new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 20), new EchoTask("b", 2)], cancellationToken: Token);
        Assert.Equal(22, client.Asked.Count);
        Assert.Equivalent(first.Items, second.Items.Take(20));
    }

    [Fact]
    public async Task RunAsync_AnyNumberAtOnce_SameReport()
    {
        // Answers come back in any order, some prompts are equal, some items fail, some are too long.
        ScriptedClient client = new(question =>
        {
            Thread.SpinWait(question.Length * question[^1] * 37 % 20_000);
            return question.EndsWith('7') ? throw new NotSupportedException("seven") : question.EndsWith('3') ? "no" : EchoTask.Answer(question);
        });
        EvaluationTask[] Tasks() =>
        [
            new EchoTask("a", 40) { Change = item => item.Id.EndsWith('5') ? item with { Prompt = EvaluationPrompt.FromText(string.Concat(Enumerable.Repeat("w ", 200))) } : item },
            new EchoTask("b", 25) { Change = item => item with { Prompt = EvaluationPrompt.FromText("question b 1") } },
        ];
        async Task<EvaluationReport> RunAsync(int atOnce) => await new EvaluationRunner(
            new EvaluationRunOptions { RequestsAtOnce = atOnce, ItemsAtOnce = atOnce, TimeProvider = new FakeTime(), MaximumFailuresInARow = 1_000 }).RunAsync(
            [RunModels.Of(client, "m1") with { ContextLength = 250, Price = new ModelPrice(1, 2) }, RunModels.Of(client, "m2")], Tasks(), [new FullContextStrategy(), new CuttingStrategy()],
            cancellationToken: Token);

        string one = System.Text.Json.JsonSerializer.Serialize(await RunAsync(1), RunJson.Options);
        Assert.Equal(one, System.Text.Json.JsonSerializer.Serialize(await RunAsync(16), RunJson.Options));
        Assert.Contains("tooLong", one, StringComparison.Ordinal);
        Assert.Contains("seven", one, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_EqualRequestsAtOnce_AreAskedOnce()
    {
        using SemaphoreSlim go = new(0);
        int asked = 0;
        WaitingClient client = new(async question =>
        {
            Interlocked.Increment(ref asked);
            await go.WaitAsync(Token);
            return EchoTask.Answer(question);
        });
        EchoTask task = new("a", 16) { Change = item => item with { Prompt = EvaluationPrompt.FromText("question a 0") } };
        Task<EvaluationReport> run = new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 8, ItemsAtOnce = 16 }).RunAsync([RunModels.Of(client)], [task], cancellationToken: Token);
        while (task.Made < 16) await Task.Delay(1, Token);
        go.Release(16);
        EvaluationReport report = await run;
        Assert.Equal(1, asked);
        Assert.All(report.Items, item => Assert.Equal(("answer a 0", 1), (item.Answer, item.Requests)));
        Assert.Equal(report.Items[0].InputTokens, report.Items[15].InputTokens);
    }

    [Fact]
    public async Task RunAsync_Attempts_AreDifferentRequests()
    {
        ScriptedClient client = RunModels.Echo();
        EchoTask task = new("a", 4) { Change = item => item with { Prompt = EvaluationPrompt.FromText("question a 0"), Settings = new AnswerSettings { Attempt = int.Parse(item.Id, System.Globalization.CultureInfo.InvariantCulture) % 2 } } };
        await new EvaluationRunner().RunAsync([RunModels.Of(client)], [task], cancellationToken: Token);
        Assert.Equal(2, client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_SlowModel_NoMoreItemsThanAllowedExist()
    {
        using SemaphoreSlim go = new(0);
        int most = 0, atOnce = 0;
        EchoTask task = new("a", 300);
        WaitingClient client = new(async question =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref atOnce));
            await go.WaitAsync(Token);
            Interlocked.Decrement(ref atOnce);
            return EchoTask.Answer(question);
        });
        Task<EvaluationReport> run = new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 3, ItemsAtOnce = 5 }).RunAsync([RunModels.Of(client)], [task], cancellationToken: Token);
        for (int done = 0; done < 300; done++)
        {
            // All that are made beyond those that were let go wait at the model or before it.
            Assert.InRange(task.Made, 0, done + 5 + 1);
            go.Release();
            await Task.Yield();
        }

        Assert.Equal(300, (await run).Tasks[0].Scored);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task RunAsync_TooManyFailures_EndsAndSaysWhich()
    {
        using TemporaryFolder folder = new();
        bool works = false;
        ScriptedClient client = new(question => works || !question.EndsWith('4') ? EchoTask.Answer(question) : throw new NotSupportedException("not this one"));
        EvaluationRunOptions options = new() { Folder = folder.Path, MaximumFailures = 1 };
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(
            () => new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 100)], cancellationToken: Token));
        Assert.Contains("not this one", fault.Message, StringComparison.Ordinal);
        int before = client.Asked.Count;
        works = true;
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 100)], cancellationToken: Token);
        Assert.Equal(100, report.Tasks[0].Scored);
        // Only answers are never asked for again; what failed is.
        Assert.Equal(before + 100 - client.Asked.Take(before).Count(asked => !asked.Messages[^1].Text.EndsWith('4')), client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_Cancelled_GoesOnLater()
    {
        using TemporaryFolder folder = new();
        using CancellationTokenSource cancel = new();
        int answers = 0;
        ScriptedClient client = new(question =>
        {
            if (Interlocked.Increment(ref answers) == 30) cancel.Cancel();
            return EchoTask.Answer(question);
        });
        EvaluationRunOptions options = new() { Folder = folder.Path };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new EvaluationRunner(options).RunAsync([RunModels.Of(client), RunModels.Of(client, "other")], [new EchoTask("a", 60)], cancellationToken: cancel.Token));
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client), RunModels.Of(client, "other")], [new EchoTask("a", 60)], cancellationToken: Token);
        Assert.Equal([60, 60], report.Tasks.Select(task => task.Scored));
        Assert.Equal(120, client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_TaskWithAnIdTwice_SaysSo()
    {
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => new EvaluationRunner().RunAsync(
            [RunModels.Of(RunModels.Echo())], [new EchoTask("a", 9) { Change = item => item with { Id = "same" } }], cancellationToken: Token));
        Assert.Contains("'same'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_BadArguments_AreNamed()
    {
        EvaluationRunner runner = new();
        EvaluationModel model = RunModels.Of(RunModels.Echo());
        await Assert.ThrowsAsync<ArgumentException>("models", () => runner.RunAsync([], [new EchoTask("a", 1)], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>("models", () => runner.RunAsync([model, model], [new EchoTask("a", 1)], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>("tasks", () => runner.RunAsync([model], [new EchoTask("a", 1), new EchoTask("a", 2)], cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentException>("strategies", () => runner.RunAsync([model], [new EchoTask("a", 1)], [], cancellationToken: Token));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 0, MaximumTries = 0, RetryDelay = TimeSpan.Zero, ConfidenceLevel = 1 }));
        Assert.All(new[] { "RequestsAtOnce", "MaximumTries", "RetryDelay", "ConfidenceLevel" }, name => Assert.Contains(name, fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_Progress_CountsFreshItemsForWhatIsLeft()
    {
        using TemporaryFolder folder = new();
        FakeTime time = new();
        ScriptedClient client = new(question =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return EchoTask.Answer(question);
        });
        EvaluationRunOptions options = new() { Folder = folder.Path, TimeProvider = time, RequestsAtOnce = 1, ItemsAtOnce = 1 };
        await new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 50)], cancellationToken: Token);
        List<EvaluationProgress> told = [];
        EvaluationReport report = await new EvaluationRunner(options).RunAsync(
            [RunModels.Of(client) with { Price = new ModelPrice(1_000_000, 0) }], [new EchoTask("a", 50), new CountedTask(10)], progress: new Listener(told.Add), cancellationToken: Token);
        EvaluationProgress last = told[^1];
        Assert.Equal((60, 60, 50, 0, 10, TimeSpan.Zero), (last.Done, last.Total, last.Resumed, last.Failed, last.Requests, last.Remaining));
        Assert.Equal(30, last.Cost);
        // Fifty that were kept take no time: after four fresh ones of two seconds each, six are left.
        EvaluationProgress middle = Assert.Single(told, each => each.Requests == 4);
        Assert.Equal((54, 60, TimeSpan.FromSeconds(12)), (middle.Done, middle.Total, middle.Remaining));
        Assert.Equal([50, 4], middle.Tasks.Select(task => task.Done));
        // Kept items come at once: no more than one report in a quarter of a second.
        Assert.InRange(told.Count, 11, 13);
        Assert.Equal(TimeSpan.FromSeconds(2), report.Items[^1].Duration);
    }

    [Fact]
    public async Task RunAsync_FailsForAWhile_WaitsLongerEachTime()
    {
        FakeTime time = new();
        List<TimeSpan> asked = [];
        ScriptedClient client = new(question =>
        {
            asked.Add(time.Now);
            return asked.Count < 6 ? throw new HttpRequestException("no connection") : EchoTask.Answer(question);
        });
        EvaluationReport report = await time.PassUntilAsync(
            new EvaluationRunner(new EvaluationRunOptions { TimeProvider = time, MaximumRetryDelay = TimeSpan.FromSeconds(8) }).RunAsync([RunModels.Of(client)], [new EchoTask("a", 1)], cancellationToken: Token),
            TimeSpan.FromMinutes(1));
        Assert.Equal(1, report.Items[0].Score);
        double[] waits = [.. asked.Zip(asked.Skip(1), (a, b) => (b - a).TotalSeconds)];
        Assert.Equal(5, waits.Length);
        double[] longest = [1, 2, 4, 8, 8];
        for (int i = 0; i < 5; i++) Assert.InRange(waits[i], longest[i] / 2, longest[i]);
        Assert.Equal(5, waits.Distinct().Count());
        // Waiting is not part of how long a request takes.
        Assert.Equal(TimeSpan.Zero, report.Items[0].Duration);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = Volatile.Read(ref target); seen < value;)
        {
            int found = Interlocked.CompareExchange(ref target, value, seen);
            if (found == seen) return;
            seen = found;
        }
    }

    private sealed class Listener(Action<EvaluationProgress> told) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => told(value);
    }

    private sealed class CountedTask(int count) : AnswerTask
    {
        public override string Name => "counted";

        public override string Identity => "counted";

        public override int? ItemCount => count;

        public override IEnumerable<EvaluationItem> CreateItems(Microsoft.ML.Tokenizers.Tokenizer tokenizer) => new EchoTask(Name, count).CreateItems(tokenizer);

        public override ItemScore Score(EvaluationItem item, string answer) => new(1);
    }
}
