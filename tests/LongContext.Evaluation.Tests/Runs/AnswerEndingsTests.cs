using LongContext.Evaluation.Support;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

/// <summary>How answers end, and what a report says of it.</summary>
public sealed class AnswerEndingsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_CutEmptyAndThoughtAnswers_AreCountedAndNoted()
    {
        using TemporaryFolder folder = new();
        RespondingClient client = Client();
        EvaluationRunOptions options = new() { Folder = folder.Path, RequestsAtOnce = 1, ItemsAtOnce = 1 };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([Model(client)], [new EchoTask("a", 6)], cancellationToken: Token);
        Assert.Equal(["stop", "length", "length", "stop", "length", null], report.Items.Select(item => item.FinishReason));
        Assert.Equal([false, false, false, false, true, false], report.Items.Select(item => item.OnlyReasoning));
        TaskSummary task = report.Tasks[0];
        // One that was cut behind its right answer is cut, too; one whose only words were thoughts is empty.
        Assert.Equal((5, 1, 3, 2), (task.Scored, task.Failed, task.CutByLength, task.EmptyAnswers));
        ItemResult filtered = report.Items[5];
        Assert.Equal((ItemStatus.Failed, null), (filtered.Status, filtered.Score));
        Assert.Contains("content filter", filtered.Fault, StringComparison.Ordinal);
        Assert.Equal(
            ["'model' (full context) gave empty answers, which were scored as they are: 2 of 5 in 'a' (1 where the model only thought: give it more tokens).",
                "'model' (full context) gave answers that were cut at their limit of tokens and did not reach the full score; what would have come next was not seen: 1 of 5 in 'a'."],
            report.Notes);
        Assert.Contains("answer cut at its limit of tokens", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("only thought", report.ToHtml(), StringComparison.Ordinal);

        using StringWriter written = new();
        report.WriteJsonLines(written);
        EvaluationReport read = EvaluationReport.ReadJsonLines(new StringReader(written.ToString()), "x");
        Assert.Equal(report.Items.Select(item => (item.FinishReason, item.OnlyReasoning, item.PromptCharacters)), read.Items.Select(item => (item.FinishReason, item.OnlyReasoning, item.PromptCharacters)));
        Assert.Equal((3, 2), (read.Tasks[0].CutByLength, read.Tasks[0].EmptyAnswers));

        // Kept with the results; what a filter held back was kept by nobody, and is asked again.
        int before = client.Asked;
        EvaluationReport again = await new EvaluationRunner(options).RunAsync([Model(client)], [new EchoTask("a", 6)], cancellationToken: Token);
        Assert.Equal(1, client.Asked - before);
        Assert.Equal(report.Tasks[0].CutByLength, again.Tasks[0].CutByLength);
        Assert.Equal(report.Items.Select(item => item.OnlyReasoning), again.Items.Select(item => item.OnlyReasoning));
    }

    [Fact]
    public async Task RunAsync_FilteredAnswer_CostsWhatItTookAndIsNoSilence()
    {
        RespondingClient client = new(question => question[^1] switch
        {
            '0' or '2' => throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound),
            '1' => new ChatResponse([]) { FinishReason = ChatFinishReason.ContentFilter, Usage = new UsageDetails { InputTokenCount = 100, OutputTokenCount = 7 } },
            _ => RespondingClient.Of(EchoTask.Answer(question), ChatFinishReason.Stop),
        });
        List<EvaluationProgress> told = [];
        EvaluationRunOptions options = new() { RequestsAtOnce = 1, ItemsAtOnce = 1, MaximumTries = 1, MaximumFailuresInARow = 2 };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync(
            [Model(client) with { Price = new ModelPrice(1_000_000, 1_000_000) }], [new EchoTask("a", 4)], progress: new Heard(told), cancellationToken: Token);
        ItemResult filtered = report.Items[1];
        Assert.Equal((ItemStatus.Failed, 1, 100L, 7L, 107m), (filtered.Status, filtered.Requests, filtered.InputTokens, filtered.OutputTokens, filtered.Cost));
        Assert.Equal((report.Items.Sum(item => item.InputTokens), 2), (told[^1].InputTokens, told[^1].Requests));
        // The server answered between the two failures: it is not given up.
        Assert.Equal(ItemStatus.Scored, report.Items[3].Status);
    }

    [Fact]
    public async Task RunAsync_WholeAnswers_NeedNoWord()
    {
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(RunModels.Echo())], [new EchoTask("a", 3)], cancellationToken: Token);
        Assert.Empty(report.Notes);
        Assert.Equal((0, 0), (report.Tasks[0].CutByLength, report.Tasks[0].EmptyAnswers));
        Assert.DoesNotContain("cut by length", report.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_AnswerCutAtItsStopSequence_HasEnded()
    {
        EchoTask task = new("a", 1) { Change = item => item with { Settings = item.Settings with { StopSequences = ["\n"] } } };
        EvaluationReport report = await new EvaluationRunner().RunAsync(
            [Model(new RespondingClient(question => RespondingClient.Of(EchoTask.Answer(question) + "\nand more", ChatFinishReason.Length)))], [task], cancellationToken: Token);
        Assert.Equal(("stop", 1.0, 0), (report.Items[0].FinishReason, report.Items[0].Score, report.Tasks[0].CutByLength));
    }

    [Fact]
    public async Task RunAsync_LongPrompt_ItsTrueLengthIsShown()
    {
        string words = string.Concat(Enumerable.Repeat("word ", 2_000));
        EchoTask task = new("a", 1) { Change = item => item with { Prompt = EvaluationPrompt.FromText(words) } };
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(new ScriptedClient(_ => "no"))], [task], cancellationToken: Token);
        Assert.Equal(10_000, report.Items[0].PromptCharacters);
        Assert.InRange(report.Items[0].Prompt!.Length, 2_000, 2_100);
        Assert.Contains("Prompt, 10,000 characters", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("8,400 characters left out", report.ToHtml(), StringComparison.Ordinal);
    }

    private sealed class Heard(List<EvaluationProgress> told) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value)
        {
            lock (told) told.Add(value);
        }
    }

    private static EvaluationModel Model(IChatClient client) => RunModels.Of(client) with { Identity = "1" };

    private static RespondingClient Client() => new(question => question[^1] switch
    {
        '0' => RespondingClient.Of(EchoTask.Answer(question), ChatFinishReason.Stop),
        '1' => RespondingClient.Of(EchoTask.Answer(question), ChatFinishReason.Length),
        '2' => RespondingClient.Of("answer", ChatFinishReason.Length),
        '3' => RespondingClient.Of(" \n", ChatFinishReason.Stop),
        '4' => new ChatResponse(new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("Let me see: it is")])) { FinishReason = ChatFinishReason.Length },
        _ => RespondingClient.Of("", ChatFinishReason.ContentFilter),
    });
}
