using LongContext.Evaluation.Support;
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
}
