using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training.Monitoring;

namespace LongContext.Tests.Training.Monitoring;

public sealed class TrainingFlopsTests
{
    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(17, null)]
    [InlineData(17, 1)]
    [InlineData(17, 5)]
    [InlineData(17, 16)]
    [InlineData(17, 17)]
    [InlineData(17, 40)]
    public void CausalPairs_OfALength_AreThoseThatAreSeen(int length, int? window)
    {
        int seen = 0;
        for (int query = 0; query < length; query++)
        {
            for (int key = 0; key <= query; key++)
            {
                if (window is null || query - key < window) seen++;
            }
        }

        Assert.Equal(seen, TrainingFlops.CausalPairs(length, window));
    }

    [Fact]
    public void CausalPairs_OfAMillionTokens_IsExact() => Assert.Equal(549_756_338_176.0, TrainingFlops.CausalPairs(1 << 20));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OfPack_OfAModel_IsSixForEachWeightAndTwelveForEachPair(bool tied)
    {
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        PackedBatch pack = PackedBatch.Create(
            [TinyModels.Document(20, 1), new TokenSequence(TinyModels.Tokens(9, 2), Enumerable.Range(0, 9).Select(i => i > 5).ToArray()), TinyModels.Document(1, 3)]);
        long layers = model.Parameters.Where(parameter => parameter.Key.StartsWith("model.layers", StringComparison.Ordinal) && parameter.Value.dim() == 2).Sum(parameter => parameter.Value.numel());
        long head = TinyModels.Vocabulary * 32;
        double pairs = 210 + 45 + 1;
        Assert.Equal(19 + 3, pack.TargetCount);
        double expected = (6.0 * layers * 30) + (6.0 * head * 22) + (2 * 12.0 * 32 * pairs);
        Assert.Equal(expected, TrainingFlops.Of(model).OfPack(pack));
    }

    [Fact]
    public void OfPack_FrozenWeights_GoWithoutTheirOwnGradient()
    {
        using CausalLanguageModel model = TinyModels.Create();
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        TrainingFlops all = TrainingFlops.Of(model), some = TrainingFlops.Of(model, [.. model.Parameters.All.Where(parameter => parameter.Name.Contains("q_proj", StringComparison.Ordinal))]);
        Assert.Equal(2 * 32 * 32, some.TrainedWeights);
        Assert.Equal(all.TrainedWeights, some.TrainedWeights + some.FrozenWeights);
        Assert.False(some.TrainsHead);
        Assert.Equal(all.OfPack(pack) - (2.0 * 20 * some.FrozenWeights) - (2.0 * 19 * some.HeadWeights), some.OfPack(pack));
    }

    [Fact]
    public void Of_ModelWithAnAdapter_TrainsTheAdapterAndNothingElse()
    {
        using CausalLanguageModel model = TinyModels.Create();
        TrainingFlops whole = TrainingFlops.Of(model);
        model.AddAdapter(new LoraOptions { Rank = 4 }, seed: 1);
        TrainingFlops adapted = TrainingFlops.Of(model);
        long adapters = model.TrainableParameters.Sum(parameter => parameter.Value.numel());
        Assert.True(adapters > 0);
        Assert.Equal((adapters, whole.TrainedWeights, false), (adapted.TrainedWeights, adapted.FrozenWeights, adapted.TrainsHead));
    }

    [Fact]
    public void Of_SlidingWindows_CountsThem()
    {
        ModelConfig config = (TinyModels.Config() with { ModelType = "mistral" }).WithField("sliding_window", 6);
        using CausalLanguageModel model = CausalLanguageModel.Create(config, 1);
        TrainingFlops flops = TrainingFlops.Of(model);
        Assert.Equal([6, 6], flops.AttentionWindows);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        double matrices = (6.0 * 20 * flops.TrainedWeights) + (6.0 * 19 * flops.HeadWeights);
        Assert.Equal(matrices + (2 * 12.0 * 32 * ((6 * 7 / 2) + (14 * 6))), flops.OfPack(pack));
    }

    [Fact]
    public void OfPack_LayersOfSeveralKinds_AddUp()
    {
        var flops = new TrainingFlops { TrainedWeights = 0, HeadWeights = 0, AttentionWidth = 8, AttentionWindows = [3, null, 3, null, null] };
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(10, 1), TinyModels.Document(2, 1)]);
        Assert.Equal(12.0 * 8 * ((2 * (6 + 21 + 3)) + (3 * (55 + 3))), flops.OfPack(pack));
    }

    [Fact]
    public void CausalPairs_ImpossibleNumbers_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("length", () => TrainingFlops.CausalPairs(-1));
        Assert.Throws<ArgumentOutOfRangeException>("window", () => TrainingFlops.CausalPairs(3, 0));
        Assert.Throws<ArgumentNullException>("model", () => TrainingFlops.Of(null!));
    }
}
