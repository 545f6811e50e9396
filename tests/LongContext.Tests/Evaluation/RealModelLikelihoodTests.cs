using System.Text;
using System.Text.Json;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Likelihood;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Evaluation;

/// <summary>The tasks that go by likelihood, over a pretrained model behind its chat client: the figures of transformers (shared/models/README.md).</summary>
public sealed class RealModelLikelihoodTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(RealModelTests.Rows), MemberType = typeof(RealModelTests))]
    public async Task PerplexityTask_OfTheHeldOutText_IsThatOfTransformers(string scaling, int length)
    {
        using JsonDocument golden = JsonDocument.Parse(await File.ReadAllTextAsync(TestPaths.RequireShared("models", "perplexity.json"), Token));
        JsonElement row = golden.RootElement.GetProperty("rows").EnumerateArray()
            .Single(candidate => candidate.GetProperty("scaling").GetString() == scaling && candidate.GetProperty("length").GetInt32() == length);
        var task = new PerplexityTask([new("dreams", RealModelTests.HeldOutText())], new PerplexityTaskOptions
        {
            Lengths = [length], Stride = row.GetProperty("stride_tokens").GetInt32(), MaximumWindows = row.GetProperty("windows").GetInt32(), Beginning = WindowBeginning.EveryWindow,
        });
        using CausalLanguageModel model = RealModelTests.LoadScaled(row);
        using var client = new LongContextChatClient(model, RealModelTests.Tokenizer(), null, new LongContextChatClientOptions
        {
            AllowsBeyondContext = true, Generation = new GenerationOptions { PrefillChunkTokens = 300 },
        });
        EvaluationModel evaluated = client.ToEvaluationModel("dreams");
        EvaluationItem item = Assert.Single(task.CreateItems(client.Tokenizer));
        ItemScore score = await task.EvaluateAsync(item, new ScoringSession(evaluated), Token);

        Assert.Equal(8.0 * (length - 1), score.Details["tokens"]);
        Assert.Equal(1, score.Value / row.GetProperty("perplexity").GetDouble(), 1e-3);
        // There every window was decoded by itself, which takes away a blank at its beginning.
        Assert.InRange(score.Details["bytes"], row.GetProperty("bytes").GetInt64(), row.GetProperty("bytes").GetInt64() + 8);
        TaskFigure figure = task.Summarize(
        [
            new ItemResult { Model = "m", Strategy = "s", Task = task.Name, Item = item.Id, Status = ItemStatus.Scored, Length = length, Score = score.Value, Details = score.Details },
        ])[0];
        Assert.Equal($"perplexity@{length}", figure.Name);
        Assert.Equal(score.Value, figure.Value!.Value, 1e-9);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(32)]
    public async Task PerplexityTask_WindowsAsInTheGuide_AddUpTheEvaluatorsLosses(int? stride)
    {
        const int length = 128;
        using LongContextChatClient client = LongContextChatClient.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        string text = RealModelTests.HeldOutText()[..3000];
        var task = new PerplexityTask([new("dreams", text)], new PerplexityTaskOptions { Lengths = [length], Stride = stride });
        ItemScore score = await task.EvaluateAsync(task.CreateItems(client.Tokenizer).Single(), new ScoringSession(client.ToEvaluationModel()), Token);

        var evaluator = new PerplexityEvaluator(client.GetService<CausalLanguageModel>()!);
        int[] ids = RealModelTests.Tokenizer().Encode(text);
        double nats = 0;
        int tokens = 0;
        for (int begin = 0, counted = 1, end = 0; end < ids.Length; begin += stride ?? length, counted = end)
        {
            end = Math.Min(begin + length, ids.Length);
            IReadOnlyList<float> losses = evaluator.TokenLosses(PackedBatch.Create([new TokenSequence(ids[begin..end])]));
            foreach (float loss in losses.TakeLast(end - counted)) nats += loss;
            tokens += Math.Min(losses.Count, end - counted);
        }

        Assert.Equal(tokens, score.Details["tokens"]);
        Assert.Equal(nats, score.Details["nats"], 1e-3);
        // With overlap nothing is left out; side by side, the first token of each window but the first has nothing before it.
        Assert.Equal(ids.Length - 1 - (stride is null ? (ids.Length - 1) / length : 0), tokens);
        if (stride is not null) Assert.Equal(Encoding.UTF8.GetByteCount(text), score.Details["bytes"]);
    }

    [Fact]
    public async Task ChoiceTask_WordsOfTheModelsLanguage_AreLikelierThanNoise()
    {
        using LongContextChatClient client = LongContextChatClient.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        string[] lines = [.. RealModelTests.HeldOutText().Split('\n').Where(line => line.Length > 60).Take(12)];
        EvaluationItem[] items =
        [
            .. lines.Select((line, i) =>
            {
                int cut = line.IndexOf(' ', 40);
                string right = line[(cut + 1)..Math.Min(line.Length, cut + 20)], wrong = new([.. right.Reverse()]);
                return new EvaluationItem { Id = $"{i}", Prompt = EvaluationPrompt.FromText(line[..cut]), Answers = [right], Choices = [wrong, right] };
            }),
        ];
        var task = new ChoiceTask("words", items, new ChoiceTaskOptions { ScoresUnconditionally = true });
        List<ItemScore> scores = [];
        foreach (EvaluationItem item in items) scores.Add(await task.EvaluateAsync(item, new ScoringSession(client.ToEvaluationModel()), Token));
        Assert.All(ChoiceScore.Names, pair => Assert.True(scores.Average(score => score.Details[pair.Value]) >= (pair.Key == ChoiceNormalization.Unconditional ? 0.5 : 1), pair.Value));
    }

    [Fact]
    public async Task Response_OfAPretrainedModel_IsTheGeneratorsText()
    {
        using LongContextChatClient client = LongContextChatClient.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        using JsonDocument golden = JsonDocument.Parse(await File.ReadAllTextAsync(TestPaths.RequireShared("models", "aidreams-260k.tokens.json"), Token));
        int[] expected = [.. golden.RootElement.GetProperty("greedy_from_bos").EnumerateArray().Select(id => id.GetInt32())];
        // The text of the first tokens goes in, the rest is to come out.
        string given = RealModelTests.Tokenizer().Decode(expected[1..21]), all = RealModelTests.Tokenizer().Decode(expected[1..]);
        Assert.Equal(expected[..21], RealModelTests.Tokenizer().Encode(given));
        ChatResponse response = await client.GetResponseAsync(given, new ChatOptions { MaxOutputTokens = expected.Length - 21 }, Token);
        Assert.Equal(all, given + response.Text);
        Assert.Equal(expected.Length, response.Usage!.TotalTokenCount);
    }

    private sealed class ScoringSession(EvaluationModel model) : IModelSession
    {
        public EvaluationModel Model { get; } = model;

        public ValueTask<ModelResponse> AskAsync(EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<ModelResponse> AskOtherAsync(EvaluationModel other, EvaluationPrompt prompt, AnswerSettings settings, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
