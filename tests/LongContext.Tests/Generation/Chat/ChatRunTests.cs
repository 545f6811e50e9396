using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Likelihood;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.ML.Tokenizers;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Our own models in an evaluation's run.</summary>
public sealed class ChatRunTests
{
    [Fact]
    public async Task RunAsync_OverAModelOfOurs_AsksAndScoresIt()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { ModelId = "tiny" });
        EvaluationItem[] choices = [Choice("1", "The sky is", "blue", "green"), Choice("2", new string('x', 600), "blue", "green")];
        EvaluationTask[] tasks =
        [
            new Echo(),
            new ChoiceTask("choices", choices, new ChoiceTaskOptions { UsesChatTemplate = true, ScoresUnconditionally = true }),
            new PerplexityTask([new("a", new string('y', 300)), new("b", "short text")], new PerplexityTaskOptions { Lengths = [64, 1024], Stride = 16 }),
        ];
        EvaluationReport report = await new EvaluationRunner().RunAsync([client.ToEvaluationModel()], tasks, cancellationToken: token);

        Assert.Equal(
            [ItemStatus.Scored, ItemStatus.TooLong, ItemStatus.Scored, ItemStatus.TooLong, ItemStatus.Scored, ItemStatus.Scored, ItemStatus.Scored, ItemStatus.Scored],
            report.Items.Select(item => item.Status));
        Assert.Equal((5L, "tiny"), (report.Items[0].OutputTokens, report.Items[0].Model));
        Assert.True(report.Items[0].InputTokens > 20, "the template's tokens are not counted");
        TaskSummary perplexity = report.Tasks[2];
        Assert.True(perplexity.LowerIsBetter);
        Assert.Equal(8, perplexity.Figures.Count);
        ItemResult[] at64 = [.. report.Items.Where(item => item.Length == 64)];
        Assert.Equal(
            Math.Exp(at64.Sum(item => item.Details["nats"]) / at64.Sum(item => item.Details["tokens"])), perplexity.Figures.Single(figure => figure.Name == "perplexity@64").Value!.Value, 1e-9);
        Assert.Contains("600", report.Items[3].Fault ?? "", StringComparison.Ordinal);

        static EvaluationItem Choice(string id, string text, params string[] choices) => new() { Id = id, Prompt = EvaluationPrompt.FromText(text), Answers = [choices[0]], Choices = choices };
    }

    private sealed class Echo : AnswerTask
    {
        public override string Name => "echo";

        public override string Identity => "echo 1";

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) =>
        [
            new EvaluationItem
            {
                Id = "1", Answers = [""], Settings = new AnswerSettings { MaximumNewTokens = 5, MinimumNewTokens = 5 },
                Prompt = EvaluationPrompt.FromText("Say something") with { AnswerPrefix = "Well,", System = "Talk." },
            },
            new EvaluationItem { Id = "2", Answers = [""], Prompt = EvaluationPrompt.FromText(new string('z', 600)) },
        ];

        public override ItemScore Score(EvaluationItem item, string answer) => new(1);
    }
}
