using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Engine;

/// <summary>Long requests one after another, on a real model that is small enough for it.</summary>
public sealed class EngineMemoryTests
{
    private static ModelConfig Config { get; } = new()
    {
        ModelType = "llama", VocabularySize = 64, HiddenSize = 32, IntermediateSize = 64, LayerCount = 2, HeadCount = 1, KeyValueHeadCount = 1, HeadDimension = 16, MaxPositionEmbeddings = 131_072,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task GenerateAsync_LongRequestsBackToBack_LeavesMemoryWhereItWas(bool reuses) => RunAsync(requests: 8, tokens: 6_000, reuses);

    [Fact, Trait("Category", "Slow")]
    public Task GenerateAsync_LongerRequestsBackToBack_LeavesMemoryWhereItWas()
    {
        SlowTests.SkipUnlessAsked();
        return RunAsync(requests: 10, tokens: 20_000, reuses: true);
    }

    private static async Task RunAsync(int requests, int tokens, bool reuses)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(Config, seed: 1, new ModelLoadOptions { DataType = ScalarType.Float32 });
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = tokens + 1_000, ReusesPrefixes = reuses });
        var random = new SplitMix64(1);
        List<long> committed = [];
        for (int i = 0; i < requests; i++)
        {
            int[] prompt = new int[tokens];
            for (int j = 0; j < tokens; j++) prompt[j] = random.NextInt(Config.VocabularySize);
            GenerationResult result = await engine.GenerateAsync(
                new GenerationRequest { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = 4, StopTokenIds = [] } }, TestContext.Current.CancellationToken);
            Assert.Equal((4, 0, 0), (result.Tokens.Count, result.ReusedTokens, result.Preemptions));
            GenerationEngineStatistics statistics = await Scheduling.EngineMixTests.QuietAsync(engine);
            Assert.Equal(0, statistics.UsedCacheBytes);
            Assert.True(statistics.CommittedCacheBytes <= statistics.CacheBytes);
            Assert.Equal(reuses, statistics.KeptCacheBytes > 0);
            committed.Add(statistics.CommittedCacheBytes);
        }

        // What is kept for others is of about one request, always; where nothing is kept, all goes back when there is nothing to do.
        if (reuses) Assert.InRange(committed[^1], committed[0] - (64 * 1024), committed[0] + (64 * 1024 * 64));
        await engine.ClearCacheAsync();
        Assert.Equal(0, engine.Statistics.CommittedCacheBytes);
    }
}
