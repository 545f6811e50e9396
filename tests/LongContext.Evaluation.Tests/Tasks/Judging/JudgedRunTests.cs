using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Runs whose judges fail: that is no fault of the models'.</summary>
public sealed class JudgedRunTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_JudgeCannotBeAsked_IsNotTheModelsFailure()
    {
        using TemporaryFolder folder = new();
        bool isGone = true;
        ScriptedClient judge = new(_ => isGone ? throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound) : "[[8]]"), model = new(_ => "Ada, I think.");
        EvaluationRunOptions options = new() { Folder = folder.Path, MaximumTries = 1, MaximumFailuresInARow = 2, RequestsAtOnce = 1, ItemsAtOnce = 1 };
        EvaluationReport report = await RunAsync();
        Assert.All(report.Items, item => Assert.Equal((ItemStatus.NotJudged, "Ada, I think."), (item.Status, item.Answer)));
        Assert.All(report.Items, item => Assert.StartsWith("The judge 'judge' could not be asked: ", item.Fault, StringComparison.Ordinal));
        TaskSummary task = report.Tasks[0];
        Assert.Equal((0, 0, 4, null), (task.Failed, task.NotAsked, task.NotJudged, task.MeanOverAll));
        Assert.Null(task.Figures.Single(figure => figure.Name == "ratings missing").Value);
        Assert.Contains("4 not judged", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("<td>not judged</td>", report.ToHtml(), StringComparison.Ordinal);

        // Once it is there again, it alone is asked.
        isGone = false;
        int asked = model.Asked.Count;
        report = await RunAsync();
        Assert.Equal((asked, 4, 0.8), (model.Asked.Count, report.Tasks[0].Scored, report.Tasks[0].Mean));

        Task<EvaluationReport> RunAsync() => new EvaluationRunner(options).RunAsync([RunModels.Of(model) with { Identity = "m" }], [Of(RunModels.Of(judge, "judge") with { Identity = "j" })], cancellationToken: Token);
    }

    [Fact]
    public async Task RunAsync_ModelRatesItself_IsNoted()
    {
        ScriptedClient both = new(prompt => prompt.Contains("[[", StringComparison.Ordinal) ? "[[9]]" : "Ada");
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(both), RunModels.Of(new ScriptedClient(_ => "Bob"), "other")], [Of(RunModels.Of(both))], cancellationToken: Token);
        Assert.Equal("In 'judged' the model 'model' rates its own answers, which models tend to rate too high: take another judge.", Assert.Single(report.Notes));
    }

    [Fact]
    public async Task RunAsync_JudgesOwnTimeOut_NamesTheJudge()
    {
        ScriptedClient judge = new(_ => throw new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.")), model = new(_ => "Ada");
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { MaximumTries = 1 }).RunAsync([RunModels.Of(model)], [Of(RunModels.Of(judge, "judge"))], cancellationToken: Token);
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.NotJudged, item.Status));
        Assert.All(report.Items, item => Assert.StartsWith("The judge 'judge' ", item.Fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_OneOfTwoJudgesIsDown_TheOthersRatingsCountUntilItIsBack()
    {
        using TemporaryFolder folder = new();
        bool isGone = true, areBothGone = false;
        ScriptedClient one = new(_ => areBothGone ? throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound) : "[[8]]"), model = new(_ => "Ada");
        ScriptedClient two = new(_ => isGone ? throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound) : "[[4]]");
        EvaluationReport report = await RunAsync(folder.Path);
        Assert.All(report.Items, item => Assert.Equal((ItemStatus.Scored, 0.8), (item.Status, item.Score)));
        Assert.Contains("two: could not be asked: ", report.Items[0].Judged, StringComparison.Ordinal);
        Assert.Equal(4, report.Tasks[0].Figures.Single(figure => figure.Name == "ratings missing").Value);

        // Once it is back, it alone is asked.
        isGone = false;
        int asked = model.Asked.Count + one.Asked.Count;
        report = await RunAsync(folder.Path);
        Assert.Equal(asked, model.Asked.Count + one.Asked.Count);
        Assert.All(report.Items, item => Assert.Equal(0.6, item.Score!.Value, 12));

        // Without either there is no rating, and both are named.
        isGone = areBothGone = true;
        report = await RunAsync(null);
        Assert.All(report.Items, item => Assert.Equal(ItemStatus.NotJudged, item.Status));
        Assert.StartsWith("No judge rated the answer: one: could not be asked: ", report.Items[0].Fault, StringComparison.Ordinal);
        Assert.Contains("; two: could not be asked: ", report.Items[0].Fault, StringComparison.Ordinal);

        Task<EvaluationReport> RunAsync(string? path) => new EvaluationRunner(new EvaluationRunOptions { Folder = path, MaximumTries = 1, RequestsAtOnce = 1, ItemsAtOnce = 1 }).RunAsync(
            [RunModels.Of(model) with { Identity = "m" }], [Of(RunModels.Of(one, "one") with { Identity = "1" }, RunModels.Of(two, "two") with { Identity = "2" })], cancellationToken: Token);
    }

    [Theory]
    [InlineData("gpt-4o", "gpt-4o-mini", "https://server", "https://server", false)]
    [InlineData("gpt-4o", "gpt-4o", "2024-08", "2024-11", false)]
    [InlineData("gpt-4o", "gpt-4o", "2024-08", "2024-08", true)]
    [InlineData("gpt-4o", "gpt-4o", "", "", true)]
    public void JudgeNotes_NameAndIdentity_TellModelsApart(string judge, string model, string identityOfJudge, string identity, bool isSame)
    {
        EvaluationModel asked = RunModels.Of(new ScriptedClient(_ => ""), model) with { Identity = identity }, rates = RunModels.Of(new ScriptedClient(_ => ""), judge) with { Identity = identityOfJudge };
        Assert.Equal(isSame, JudgeNotes.Of([asked], [Of(rates)]).Any());
    }

    private static JudgedTask Of(params EvaluationModel[] judges) => new(
        [.. Enumerable.Range(0, 4).Select(i => new JudgedQuestion { Question = $"Who wrote note {i}?", Reference = "Ada" })], new JudgedTaskOptions { Name = "judged", Judges = [.. judges.Select(judge => new Judge(judge))] });
}
