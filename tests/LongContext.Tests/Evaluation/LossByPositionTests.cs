using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;

namespace LongContext.Tests.Evaluation;

public sealed class LossByPositionTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(25, 1), new(TinyModels.Tokens(14, 2), Enumerable.Range(0, 14).Select(i => i % 3 == 0).ToArray())]),
        PackedBatch.Create([TinyModels.Document(1, 3), TinyModels.Document(8, 4)], LossWeighting.PerSequence),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(1, 2)]
    [InlineData(1, 4, 9, 20)]
    [InlineData(3, 10)]
    [InlineData(1, 24, 25, 1000)]
    public void EvaluateByPosition_Ranges_HoldTheLossesOfTheirPositions(params int[] boundaries)
    {
        using CausalLanguageModel model = TinyModels.Create();
        var evaluator = new PerplexityEvaluator(model);
        List<(int Position, float Loss)> all = [];
        foreach (PackedBatch pack in Packs)
        {
            int[] borders = pack.CumulativeSequenceLengths.ToArray();
            int[] targets = [.. Enumerable.Range(0, pack.TokenCount).Where(t => pack.Labels.Span[t] != PackedBatch.Ignored)];
            foreach ((int t, float loss) in targets.Zip(evaluator.TokenLosses(pack))) all.Add((t + 1 - borders.Last(border => border <= t), loss));
        }

        IReadOnlyList<LossAtPositions> ranges = evaluator.EvaluateByPosition(Packs, boundaries);
        int end = all.Max(token => token.Position) + 1;
        Assert.Equal(boundaries.Where(from => from < end), ranges.Select(range => range.From));
        Assert.Equal(end, ranges[^1].To);
        foreach (LossAtPositions range in ranges)
        {
            float[] losses = [.. all.Where(token => token.Position >= range.From && token.Position < range.To).Select(token => token.Loss)];
            Assert.Equal(losses.Length, range.Sum.TokenCount);
            if (losses.Length > 0) Assert.Equal(losses.Average(loss => (double)loss), range.MeanLoss, 1e-9);
            else Assert.True(double.IsNaN(range.MeanLoss));
        }

        Assert.Equal(all.Count(token => token.Position >= boundaries[0]), ranges.Sum(range => range.Sum.TokenCount));
    }

    [Fact]
    public void EvaluateByPosition_NoBoundaries_AreOneAndPowersOfTwo()
    {
        using CausalLanguageModel model = TinyModels.Create(LongContext.Positions.RopeScaling.Linear(8));
        IReadOnlyList<LossAtPositions> ranges = new PerplexityEvaluator(model).EvaluateByPosition([PackedBatch.Create([TinyModels.Document(200, 1)])]);
        Assert.Equal([(1, 64, 63L), (64, 128, 64L), (128, 200, 72L)], ranges.Select(range => (range.From, range.To, range.Sum.TokenCount)));
    }

    [Fact]
    public void EvaluateByPosition_NothingToPredict_IsEmpty()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Empty(new PerplexityEvaluator(model).EvaluateByPosition([PackedBatch.CreatePrompt(new[] { 3, 4 })]));
    }

    [Theory]
    [InlineData]
    [InlineData(0, 4)]
    [InlineData(4, 4)]
    [InlineData(9, 4)]
    public void EvaluateByPosition_BadBoundaries_AreRefused(params int[] boundaries)
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Throws<ArgumentException>(nameof(boundaries), () => new PerplexityEvaluator(model).EvaluateByPosition(Packs, boundaries));
        Assert.Throws<OperationCanceledException>(() => new PerplexityEvaluator(model).EvaluateByPosition(Packs, cancellationToken: new CancellationToken(true)));
    }
}
