using LongContext.Data;
using LongContext.Generation;
using LongContext.Positions;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineDroppingTests
{
    public static TheoryData<int> Shapes => [.. Enumerable.Range(0, Engines.Shapes.Length)];

    [Theory, MemberData(nameof(Shapes))]
    public async Task GenerateAsync_SinksAmongOthersInLittleMemory_GivesWhatEachGivesAlone(int shape)
    {
        var random = new SplitMix64(13, shape);
        foreach (double share in new[] { 1, 0.5, 0 })
        {
            var pages = new OraclePages(4, Engines.Shapes[shape]);
            await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 110), Engines.Small with { KeptShare = share, ReusesPrefixes = share > 0 });
            var requests = new GenerationRequest[60];
            for (int i = 0; i < requests.Length; i++)
            {
                GenerationRequest request = Engines.Request(ref random);
                requests[i] = random.NextInt(3) == 0 ? request : request with { Dropping = Dropping(ref random) };
            }

            GenerationResult[] results = await Task.WhenAll(requests.Select(request => Task.Run(() => engine.GenerateAsync(request))));
            for (int i = 0; i < requests.Length; i++) Assert.Equal((await Engines.AloneAsync(Engines.Shapes[shape], requests[i])).Tokens, results[i].Tokens);
            GenerationEngineStatistics statistics = engine.Statistics;
            Assert.Equal((60, 0), (statistics.CompletedRequests, statistics.UsedCacheBytes));
            Assert.True(share == 0 || statistics.ReusedTokens > 0);
            Assert.True(pages.LargestBytes <= statistics.CacheBytes);
            await engine.ClearCacheAsync();
            Assert.Equal(0, pages.CommittedBytes);
        }
    }

    private static TokenDropping Dropping(ref SplitMix64 random)
    {
        if (random.NextInt(2) == 0) return new AttentionSinks { Sinks = random.NextInt(7), Window = 1 + random.NextInt(30) };
        int observed = 1 + random.NextInt(6);
        return new PromptSelection { ObservedTokens = observed, MaximumTokens = observed + 1 + random.NextInt(20), PoolSize = 1 + (2 * random.NextInt(3)), Pooling = (VotePooling)random.NextInt(2) };
    }

    [Fact]
    public async Task GenerateAsync_SelectedPrompt_GivesMemoryBackForTheAnswer()
    {
        var pages = new OraclePages(4, [null, 9]);
        GenerationEngine? engine = null;
        long used = 0;
        await using GenerationEngine own = engine = Engines.Make(pages, Engines.Bytes(pages, 300), Engines.Small with { ReusesPrefixes = false }, runner: all => new OracleRunner(all, Engines.Vocabulary)
        {
            Before = (batch, _) => used = batch.Sequences[0].Dropped > 0 ? Math.Max(used, engine!.Statistics.UsedCacheBytes) : 0,
        });
        var random = new SplitMix64(5, 11);
        var request = new GenerationRequest
        {
            Prompt = Engines.Prompt(ref random, 200), Dropping = new PromptSelection { MaximumTokens = 20, ObservedTokens = 5 }, Options = new GenerationOptions { MaximumNewTokens = 150, StopTokenIds = [] },
        };
        StreamingGeneration stream = engine.StreamAsync(request, TestContext.Current.CancellationToken);
        var made = new List<int>();
        await foreach (GeneratedToken token in stream) made.Add(token.Id);

        // 20 kept, those of the answer, and of the other layers the window.
        Assert.InRange(used, 1, Engines.Bytes(pages, 20 + 150));
        Assert.Equal((180, 150), (stream.Result!.DroppedTokens, made.Count));
        Assert.Equal((await Engines.AloneAsync([null, 9], request)).Tokens, made);
        // 200 and 150 do not fit by themselves.
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request with { Dropping = null }, TestContext.Current.CancellationToken));
        CacheCapacityException refused = await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request with { Dropping = new PromptSelection { MaximumTokens = 150, ObservedTokens = 5 } }, TestContext.Current.CancellationToken));
        Assert.True(refused.RequiredBytes > refused.CapacityBytes);
    }

    [Fact]
    public async Task GenerateAsync_TextFarLongerThanTheCache_FitsWithSinksAlone()
    {
        var pages = new OraclePages(4, [null, 9]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 60));
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 500).Select(i => i % 37).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 200, StopTokenIds = [] } };
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request, TestContext.Current.CancellationToken));
        request = request with { Dropping = new AttentionSinks { Sinks = 6, Window = 20 } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null, 9], request)).Tokens, result.Tokens);
        Assert.Equal(699 - 26, result.DroppedTokens);
        Assert.True(pages.LargestBytes <= Engines.Bytes(pages, 60));
        // A window that does not fit is refused, with figures.
        CacheCapacityException refused = await Assert.ThrowsAsync<CacheCapacityException>(
            () => engine.GenerateAsync(request with { Dropping = new AttentionSinks { Window = 120 } }, TestContext.Current.CancellationToken));
        Assert.True(refused.RequiredBytes > refused.CapacityBytes);
    }

    [Fact]
    public async Task GenerateAsync_ManyWithSinks_RunTogetherWhereWholeOnesCannot()
    {
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 240), Engines.Small with { ReusesPrefixes = false });
        var random = new SplitMix64(5, 5);
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(_ => Engines.Prompt(ref random, 180))];
        await Task.WhenAll(prompts.Select(prompt => engine.GenerateAsync(new GenerationRequest
        {
            Prompt = prompt, Dropping = new AttentionSinks { Sinks = 2, Window = 12 }, Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [] },
        })));
        Assert.Equal(0, engine.Statistics.Preemptions);
    }

    [Fact]
    public async Task GenerateAsync_TextThatFitsTheWindow_IsLeftAlone()
    {
        var pages = new OraclePages(4, [null, 9]);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16);
        var random = new SplitMix64(5, 8);
        var request = new GenerationRequest { Prompt = Engines.Prompt(ref random, 30), Options = new GenerationOptions { MaximumNewTokens = 20, StopTokenIds = [] } };
        GenerationResult whole = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        GenerationResult same = await engine.GenerateAsync(request with { Dropping = new AttentionSinks { Window = 50 } }, TestContext.Current.CancellationToken);
        Assert.Equal(whole.Tokens, same.Tokens);
        Assert.Equal(0, same.DroppedTokens);
        // What lies within the window is shared with the whole one; the rest is not.
        GenerationResult part = await engine.GenerateAsync(request with { Dropping = new AttentionSinks { Window = 13 } }, TestContext.Current.CancellationToken);
        Assert.Equal(12, part.ReusedTokens);
        Assert.Equal((await Engines.AloneAsync([null, 9], request with { Dropping = new AttentionSinks { Window = 13 } })).Tokens, part.Tokens);
        Assert.NotEqual(whole.Tokens, part.Tokens);
    }

    [Fact]
    public async Task GenerateAsync_UnusableDropping_SaysWhy()
    {
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16);
        var request = new GenerationRequest { Prompt = new[] { 1, 2 } };
        ArgumentException faults = await Assert.ThrowsAsync<ArgumentException>(() => engine.GenerateAsync(request with { Dropping = new AttentionSinks { Sinks = -1, Window = 0 } }));
        Assert.Contains("Sinks must be 0 or more, but is -1; Window must be at least 1, but is 0", faults.Message, StringComparison.Ordinal);
        NotSupportedException both = await Assert.ThrowsAsync<NotSupportedException>(
            () => engine.GenerateAsync(request with { Dropping = new AttentionSinks { Window = 5 }, PositionRemapping = new SelfExtend(2, 4) }));
        Assert.Contains("SelfExtend", both.Message, StringComparison.Ordinal);
        faults = await Assert.ThrowsAsync<ArgumentException>(() => engine.GenerateAsync(request with { Dropping = new PromptSelection { ObservedTokens = 20, MaximumTokens = 20, PoolSize = 4 } }));
        Assert.Contains("MaximumTokens must be more than ObservedTokens (20), but is 20; PoolSize must be odd", faults.Message, StringComparison.Ordinal);
        faults = await Assert.ThrowsAsync<ArgumentException>(() => engine.GenerateAsync(request with { Dropping = new PromptSelection { ObservedTokens = 18, MaximumTokens = 20 } }));
        Assert.Contains("at most 17", faults.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_PromptCut_IsComputedAsIfItHadBeenGivenSo()
    {
        var pages = new OraclePages(4, [null, 9]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 60));
        var random = new SplitMix64(5, 9);
        int[] prompt = Engines.Prompt(ref random, 400);
        var truncation = new TokenTruncation { MaximumTokens = 31, ProtectedStart = 5, StartShare = 0.25, Marker = [7, 8] };
        var options = new GenerationOptions { MaximumNewTokens = 10, StopTokenIds = [] };
        GenerationResult result = await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Truncation = truncation, Options = options }, TestContext.Current.CancellationToken);
        Assert.Equal((31, new TokenCut(11, 400 - 29)), (result.PromptTokens, result.PromptCut!.Value));
        int[] cut = [.. prompt[..11], 7, 8, .. prompt[382..]];
        Assert.Equal((await Engines.AloneAsync([null, 9], new GenerationRequest { Prompt = cut, Options = options })).Tokens, result.Tokens);
        GenerationResult whole = await engine.GenerateAsync(new GenerationRequest { Prompt = cut, Truncation = truncation, Options = options }, TestContext.Current.CancellationToken);
        Assert.Null(whole.PromptCut);
        Assert.Equal(result.Tokens, whole.Tokens);
        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(
            () => engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Truncation = truncation with { Marker = [99] } }, TestContext.Current.CancellationToken));
        Assert.Contains("99", fault.Message, StringComparison.Ordinal);
    }
}
