using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Tests.Evaluation;

public sealed class PerplexityEvaluatorTests
{
    private static readonly TokenSequence[] Documents =
    [
        TinyModels.Document(25, 1),
        new(TinyModels.Tokens(14, 2), Enumerable.Range(0, 14).Select(i => i % 3 == 0).ToArray()),
        TinyModels.Document(1, 3),
        TinyModels.Document(8, 4),
    ];

    [Theory]
    [InlineData(LossWeighting.PerToken)]
    [InlineData(LossWeighting.PerSequence)]
    public void TokenLosses_OfAPack_AreCrossEntropiesInItsOrder(LossWeighting weighting)
    {
        using CausalLanguageModel model = TinyModels.Create();
        PackedBatch pack = PackedBatch.Create(Documents, weighting);
        double[] expected = ByHand(model, pack);
        IReadOnlyList<float> losses = new PerplexityEvaluator(model).TokenLosses(pack);
        Assert.Equal(24 + 4 + 7, losses.Count);
        Assert.Equal(expected.Length, losses.Count);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], losses[i], 1e-6 * Math.Max(1, expected[i]));
    }

    [Theory]
    [InlineData(90)] // beyond a tile
    [InlineData(1_200)] // beyond what all heads are there for
    public void TokenLosses_LongPack_AreThoseOfItsDocuments(int documents)
    {
        using CausalLanguageModel model = TinyModels.Create();
        var evaluator = new PerplexityEvaluator(model);
        TokenSequence[] texts = [.. Enumerable.Range(0, documents).Select(i => TinyModels.Document(30 - (i % 3), i))];
        double[] together = [.. evaluator.TokenLosses(PackedBatch.Create(texts)).Select(loss => (double)loss)];
        double[] apart = [.. texts.SelectMany(text => evaluator.TokenLosses(PackedBatch.Create([text]))).Select(loss => (double)loss)];
        TinyModels.AssertClose(apart, together, 1e-7, "losses"); // given as float
    }

    [Fact]
    public void Evaluate_SeveralPacks_AddsUpTokensAndBytes()
    {
        using CausalLanguageModel model = TinyModels.Create();
        PackedBatch[] packs = [PackedBatch.Create(Documents[..2]), PackedBatch.Create(Documents[2..])];
        double nats = packs.Sum(pack => ByHand(model, pack).Sum());
        PerplexityAccumulator result = new PerplexityEvaluator(model).Evaluate(packs, byteCount: 90);
        Assert.Equal((35L, 90L), (result.TokenCount, result.ByteCount));
        Assert.Equal(1, result.TotalNats / nats, 1e-7);
        Assert.Equal(1, result.Perplexity / Math.Exp(nats / 35), 1e-6);
        Assert.Equal(1, result.PerplexityPerByte / Math.Exp(nats / 90), 1e-6);
        Assert.True(double.IsNaN(new PerplexityEvaluator(model).Evaluate(packs).PerplexityPerByte));
    }

    [Fact]
    public void Evaluate_NothingToPredict_HasNoPerplexity()
    {
        using CausalLanguageModel model = TinyModels.Create();
        PerplexityAccumulator result = new PerplexityEvaluator(model).Evaluate([PackedBatch.CreatePrompt(new[] { 3, 4 })]);
        Assert.Equal(0, result.TokenCount);
        Assert.True(double.IsNaN(result.Perplexity));
    }

    [Fact]
    public void Evaluate_CancelledOrNull_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var evaluator = new PerplexityEvaluator(model);
        Assert.Throws<OperationCanceledException>(() => evaluator.Evaluate([PackedBatch.Create(Documents)], cancellationToken: new CancellationToken(true)));
        Assert.Throws<ArgumentNullException>("packs", () => evaluator.Evaluate(null!));
        Assert.Throws<ArgumentNullException>("pack", () => evaluator.TokenLosses(null!));
        Assert.Throws<ArgumentNullException>("model", () => new PerplexityEvaluator(null!));
    }

    /// <summary>ln Σ exp(logits) − logit of the label, at every position that has one.</summary>
    private static double[] ByHand(CausalLanguageModel model, PackedBatch pack)
    {
        double[] logits = TinyModels.Logits(model, pack);
        return [.. Enumerable.Range(0, pack.TokenCount).Where(t => pack.Labels.Span[t] != PackedBatch.Ignored).Select(t =>
        {
            double[] row = logits[(t * TinyModels.Vocabulary)..((t + 1) * TinyModels.Vocabulary)];
            return Math.Log(row.Sum(Math.Exp)) - row[pack.Labels.Span[t]];
        })];
    }
}
