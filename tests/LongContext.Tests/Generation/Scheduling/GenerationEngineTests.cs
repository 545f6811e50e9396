using LongContext.Data;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class GenerationEngineTests
{
    public static TheoryData<int> Shapes => [.. Enumerable.Range(0, Engines.Shapes.Length)];

    [Theory, MemberData(nameof(Shapes))]
    public async Task GenerateAsync_ManyAtOnceInLittleMemory_GivesWhatEachGivesAlone(int shape)
    {
        var random = new SplitMix64(3, shape);
        long preemptions = 0;
        bool hasWhole = true;
        foreach (double share in new[] { 1, 0.5, 0 })
        {
            var pages = new OraclePages(4, Engines.Shapes[shape]);
            await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 100), Engines.Small with { KeptShare = share, ReusesPrefixes = share > 0 });
            GenerationRequest[] requests = new GenerationRequest[60];
            for (int i = 0; i < requests.Length; i++) requests[i] = Engines.Request(ref random);
            GenerationResult[] results = await Task.WhenAll(requests.Select(request => Task.Run(() => engine.GenerateAsync(request))));
            for (int i = 0; i < requests.Length; i++)
            {
                GenerationResult alone = await Engines.AloneAsync(Engines.Shapes[shape], requests[i]);
                Assert.Equal(alone.Tokens, results[i].Tokens);
                Assert.Equal(alone.FinishReason, results[i].FinishReason);
            }

            GenerationEngineStatistics statistics = engine.Statistics;
            TestContext.Current.SendDiagnosticMessage($"{shape} {share}: {statistics}");
            Assert.Equal(60, statistics.CompletedRequests);
            Assert.Equal(0, statistics.UsedCacheBytes);
            if (share == 0) Assert.Equal(0, statistics.ReusedTokens); // else it is a matter of who came first
            preemptions += statistics.Preemptions;
            hasWhole = Engines.HasWhole(pages);
            Assert.True(pages.LargestBytes <= statistics.CacheBytes);
            GenerationRequest twice = new() { Prompt = Engines.Prompt(ref random, 24), Options = new GenerationOptions { MaximumNewTokens = 4, StopTokenIds = [] } };
            Assert.Equal(0, (await engine.GenerateAsync(twice)).ReusedTokens);
            Assert.Equal(share > 0, (await engine.GenerateAsync(twice)).ReusedTokens > 0);
            await engine.ClearCacheAsync();
            Assert.Equal(0, pages.CommittedBytes);
        }

        // Otherwise this would show less than it says. Windows alone seldom outgrow what they were given: by short texts that grow up to their window.
        if (hasWhole) Assert.True(preemptions > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GenerateAsync_ThatATokenEnds_SaysWhichAndHowLikely(bool guesses)
    {
        var random = new SplitMix64(8);
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 200));
        for (int round = 0; round < 20; round++)
        {
            var options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [], LogProbabilities = 2, Temperature = round % 2, Seed = round, Speculation = guesses ? new SpeculationOptions() : null };
            var request = new GenerationRequest { Prompt = Engines.SharedPrompt(ref random, 40), Options = options };
            GenerationResult whole = await engine.GenerateAsync(request);
            Assert.Equal((GenerationFinishReason.Length, null), (whole.FinishReason, whole.StopToken));
            int end = Enumerable.Range(0, 12).Last(i => !whole.Tokens.Take(i).Contains(whole.Tokens[i]));
            GeneratedToken expected = whole.Details![end];
            GenerationResult ended = await engine.GenerateAsync(request with { Options = options with { StopTokenIds = [expected.Id] } });
            Assert.Equal((GenerationFinishReason.Stop, end), (ended.FinishReason, ended.Tokens.Count));
            Assert.Equal((expected.Id, expected.LogProbability), (ended.StopToken!.Value.Id, ended.StopToken.Value.LogProbability));
            Assert.Equal(expected.Alternatives, ended.StopToken.Value.Alternatives);
            ended = await engine.GenerateAsync(request with { Options = options with { StopTokenIds = [expected.Id], LogProbabilities = null } });
            Assert.Equal(new GeneratedToken(expected.Id), ended.StopToken);
        }
    }
}
