using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tests.Export;
using LongContext.Tokenization;
using LongContext.Training.Evaluations;

namespace LongContext.Tests.Training.Evaluations;

public sealed class ReadyEvaluationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void PerplexityByLength_GivesTheEvaluatorsFigures()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] text = TinyModels.Tokens(100, 3);
        var options = new PerplexityByLengthOptions { Lengths = [8, 32, 16] };
        IReadOnlyList<PerplexityAtLength> expected = new PerplexityEvaluator(model).EvaluateByLength(text, options);
        EvaluationResult result = new PerplexityByLengthEvaluation(text, options).Evaluate(model, Token);
        Assert.Equal(["perplexity@8", "perplexity@32", "perplexity@16"], result.Values.Select(value => value.Key));
        Assert.Equal(expected.Select(at => at.Sum.Perplexity), result.Values.Select(value => value.Value));
        Assert.Equal(Math.Log(expected[1].Sum.Perplexity), result.Primary!.Value, 1e-12);
    }

    [Fact]
    public void LossByPosition_GivesRangesAndTheWhole()
    {
        using CausalLanguageModel model = TinyModels.Create();
        PackedBatch[] packs = [PackedBatch.Create([TinyModels.Document(30, 1)]), PackedBatch.Create([TinyModels.Document(20, 2)])];
        IReadOnlyList<LossAtPositions> ranges = new PerplexityEvaluator(model).EvaluateByPosition(packs, [1, 10]);
        EvaluationResult result = new LossByPositionEvaluation(packs, [1, 10, 500]).Evaluate(model, Token);
        Assert.Equal(["loss", "loss@1-9", "loss@10-29"], result.Values.Select(value => value.Key));
        Assert.Equal(ranges.Select(range => range.MeanLoss), result.Values.Skip(1).Select(value => value.Value));
        Assert.Equal(Math.Log(new PerplexityEvaluator(model).Evaluate(packs).Perplexity), result.Primary!.Value, 1e-12);
        Assert.Equal(result.Primary, result.Values[0].Value);
    }

    [Fact]
    public void LossByPosition_NothingToPredict_HasNoPrimary()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Null(new LossByPositionEvaluation([PackedBatch.CreatePrompt(new[] { 3, 4 })]).Evaluate(model, Token).Primary);
    }

    [Fact]
    public void Task_ScoresWhatTheModelGenerates()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { VocabularySize = 256 }, 1);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(ByteTokenizer.Write(folder.Path, 256));
        EvaluationItem[] items = [.. new[] { "abc", "one two", "x" }.Select((prompt, i) => new EvaluationItem { Id = prompt, Prompt = EvaluationPrompt.FromText(prompt), Answers = [new string('y', i + 1)] })];
        List<(string Prompt, string Output)> asked = [];
        var evaluation = new TaskEvaluation(
            "mine", tokenizer, items, (item, output) => { asked.Add((item.Prompt.Text, output)); return item.Prompt.Text.Length; }, item => item.Prompt.Text.Length > 2 ? "long" : "short");
        EvaluationResult result = evaluation.Evaluate(model, Token);

        var generator = new TextGenerator(model);
        Assert.Equal(items.Select(item => (item.Prompt.Text, generator.GenerateText(tokenizer, item.Prompt.Text, new GenerationOptions { MaximumNewTokens = item.Answer.Length + 8 }))), asked);
        Assert.Contains(asked, pair => pair.Output.Length > 3);
        Assert.Equal([("score", 11 / 3.0), ("score@long", 5.0), ("score@short", 1.0)], result.Values.Select(value => (value.Key, value.Value)));
        Assert.Equal(1 - (11 / 3.0), result.Primary);
        Assert.Throws<OperationCanceledException>(() => evaluation.Evaluate(model, new CancellationToken(true)));
    }

    [Fact]
    public void Task_PasskeyAndRepetition_AskAtEveryLength()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { VocabularySize = 256 }, 1);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(ByteTokenizer.Write(folder.Path, 256));
        TaskEvaluation passkey = TaskEvaluation.Passkey(new PasskeyTask(), tokenizer, [400, 600], [0, 0.5, 1]);
        TaskEvaluation repetition = TaskEvaluation.Repetition(new RepetitionTask(new RepetitionTaskOptions { MaximumCount = 3 }), tokenizer, [500], itemsPerLength: 2);
        Assert.Equal(("passkey", "repetition"), (passkey.Name, repetition.Name));
        EvaluationResult keys = passkey.Evaluate(model, Token), words = repetition.Evaluate(model, Token);
        Assert.Equal(["score", "score@400", "score@600"], keys.Values.Select(value => value.Key));
        Assert.Equal(["score", "score@500"], words.Values.Select(value => value.Key));
        Assert.All(keys.Values.Concat(words.Values), value => Assert.InRange(value.Value, 0, 1));
        Assert.Throws<ArgumentException>("items", () => TaskEvaluation.Passkey(new PasskeyTask(), tokenizer, [], [0.5]));
    }
}
