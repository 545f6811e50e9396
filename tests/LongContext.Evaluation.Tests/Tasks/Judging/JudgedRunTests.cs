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

    private static JudgedTask Of(EvaluationModel judge) => new(
        [.. Enumerable.Range(0, 4).Select(i => new JudgedQuestion { Question = $"Who wrote note {i}?", Reference = "Ada" })], new JudgedTaskOptions { Name = "judged", Judges = [new Judge(judge)] });
}
