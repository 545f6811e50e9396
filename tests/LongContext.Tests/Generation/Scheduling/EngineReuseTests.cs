using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Scheduling;
using LongContext.Positions;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineReuseTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private static GenerationRequest Request(int[] prompt, int most = 9) => new() { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = most, StopTokenIds = [] } };

    private static int[] Tokens(int length, int seed)
    {
        var random = new SplitMix64(seed, 5);
        return Engines.Prompt(ref random, length);
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(1, 20)]
    [InlineData(2, 20)]
    [InlineData(3, 20)]
    public async Task GenerateAsync_SecondTurn_ReusesAllFullPagesOfPromptAndAnswer(int shape, int expected)
    {
        var pages = new OraclePages(4, Engines.Shapes[shape]);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 14);
        int[] first = Tokens(14, 1);
        GenerationResult answer = await engine.GenerateAsync(Request(first), Ended);
        Assert.Equal(0, answer.ReusedTokens);
        // 14 + 9 tokens, of which the last has no keys: five full pages.
        int[] second = [.. first, .. answer.Tokens, 7, 8, 9];
        GenerationResult next = await engine.GenerateAsync(Request(second), Ended);
        Assert.Equal(expected, next.ReusedTokens);
        Assert.Equal((await Engines.AloneAsync(Engines.Shapes[shape], Request(second))).Tokens, next.Tokens);
        // The same again: all but the page with the last token.
        GenerationResult again = await engine.GenerateAsync(Request(second), Ended);
        Assert.Equal((24, next.Tokens.Count), (again.ReusedTokens, again.Tokens.Count));
        Assert.Equal(next.Tokens, again.Tokens);
    }

    [Fact]
    public async Task GenerateAsync_OtherSaltRemappingOrToken_ReusesNothingOfIt()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 14);
        int[] prompt = Tokens(18, 1);
        await engine.GenerateAsync(Request(prompt), Ended);
        Assert.Equal(16, (await engine.GenerateAsync(Request(prompt), Ended)).ReusedTokens);
        Assert.Equal(0, (await engine.GenerateAsync(Request(prompt) with { CacheSalt = "b" }, Ended)).ReusedTokens);
        Assert.Equal(0, (await engine.GenerateAsync(Request(prompt) with { PositionRemapping = new SelfExtend(2, 4) }, Ended)).ReusedTokens);
        Assert.Equal(16, (await engine.GenerateAsync(Request(prompt) with { PositionRemapping = new SelfExtend(2, 4) }, Ended)).ReusedTokens);
        int[] other = [.. prompt];
        other[9] = (other[9] + 1) % 39;
        GenerationResult result = await engine.GenerateAsync(Request(other), Ended);
        Assert.Equal(8, result.ReusedTokens);
        Assert.Equal((await Engines.AloneAsync([null], Request(other))).Tokens, result.Tokens);
        await engine.ClearCacheAsync();
        Assert.Equal(0, (await engine.GenerateAsync(Request(prompt), Ended)).ReusedTokens);
    }

    /// <summary>What a request had computed before the weights were changed must not be found by one that comes after.</summary>
    [Fact]
    public async Task ClearCacheAsync_WhileARequestRuns_LeavesNothingOfItToOthers()
    {
        OraclePages pages = new(4, [null, 8]), ofDraft = new(4, [null]);
        GenerationEngine? made = null;
        Task? clear = null;
        int steps = 0;
        var draft = new OracleRunner(ofDraft, Engines.Vocabulary);
        await using GenerationEngine engine = made = Engines.Make(pages, 1 << 16, draft: draft, runner: own => new OracleRunner(own, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                if (++steps == 6) clear = made!.ClearCacheAsync();
                // It is done between two steps.
                if (clear is not null) SpinWait.SpinUntil(() => clear.IsCompleted, 200);
            },
        });
        GenerationRequest request = Request(Tokens(40, 1), 60);
        request = request with { Options = request.Options with { Speculation = new SpeculationOptions { UsesPromptLookup = false, MaximumDraftTokens = 2, AdaptsDraftLength = false } } };
        GenerationResult first = await engine.GenerateAsync(request, Ended);
        Assert.Equal((await Engines.AloneAsync([null, 8], request)).Tokens, first.Tokens);
        Assert.True(clear!.IsCompletedSuccessfully && steps > 10);
        long drafted = draft.Tokens;
        GenerationResult again = await engine.GenerateAsync(request, Ended);
        Assert.Equal((0, first.Tokens.Count), (again.ReusedTokens, again.Tokens.Count));
        Assert.Equal(first.Tokens, again.Tokens);
        Assert.True(draft.Tokens - drafted >= 40 + 59, $"the draft found keys of before: {draft.Tokens - drafted} tokens were computed");
        // What came after is found as ever.
        drafted = draft.Tokens;
        Assert.Equal(36, (await engine.GenerateAsync(request, Ended)).ReusedTokens);
        Assert.True(draft.Tokens - drafted < 20 + 59);
        Assert.Equal(0, (await EngineMixTests.QuietAsync(engine)).UsedCacheBytes);
        await engine.ClearCacheAsync();
        Assert.Equal((0, 0), (pages.CommittedBytes, ofDraft.CommittedBytes));
    }

    /// <summary>Buffers of copies that were given up count too, whichever group's they were.</summary>
    [Fact]
    public void Save_PagesOfSeveralGroups_TakeNoMoreHostMemoryThanTheyMay()
    {
        using var pages = new OraclePages(4, [null, 6, 20]);
        long pageBytes = pages.Groups[0].PageBytes, most = 12 * pageBytes, largest = 0;
        var cache = new PagedCache(pages, new PagedCacheOptions { BudgetBytes = new CacheNeeds(pages.Groups, 4).Bytes(60), OffloadBytes = most });
        var distribution = new LongContext.Generation.Sampling.TokenDistribution();
        for (int i = 0; i < 40; i++)
        {
            var sequence = new EngineSequence(Engines.Model, Request(Tokens(9 + (i % 5 * 9), i)), null, pages, distribution, TimeProvider.System);
            while (sequence.Cached + 4 <= sequence.Count)
            {
                Assert.True(cache.Grow(sequence, sequence.Cached + 4) >= sequence.Cached + 4);
                sequence.Cached += 4;
                cache.Publish(sequence);
                cache.Forget(sequence);
                largest = Math.Max(largest, cache.HostBytes + cache.SpareHostBytes);
            }

            cache.Drop(sequence);
        }

        Assert.InRange(largest, most / 2, most);
    }

    [Fact]
    public async Task GenerateAsync_AllHashesEqual_ReusesOnlyTrueTokens()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 14, hashBits: 0);
        for (int seed = 0; seed < 20; seed++)
        {
            int[] prompt = Tokens(20, seed % 5);
            GenerationResult result = await engine.GenerateAsync(Request(prompt), Ended);
            Assert.Equal((await Engines.AloneAsync([null], Request(prompt))).Tokens, result.Tokens);
        }
    }

    [Fact]
    public async Task GenerateAsync_SamePromptAtOnce_ComputesItOnce()
    {
        using var go = new ManualResetEventSlim();
        OracleRunner? runner = null;
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null, 8]), 1 << 16, Engines.Small, runner: pages => runner = new OracleRunner(pages, Engines.Vocabulary) { Before = (_, _) => go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None) });
        GenerationRequest request = Request(Tokens(200, 1), 1);
        Task<GenerationResult>[] tasks = [.. Enumerable.Range(0, 4).Select(_ => engine.GenerateAsync(request, Ended))];
        go.Set();
        GenerationResult[] results = await Task.WhenAll(tasks);
        Assert.All(results, result => Assert.Equal(results[0].Tokens, result.Tokens));
        Assert.InRange(runner!.Tokens, 200, 200 + (3 * 30));
    }

    [Fact]
    public async Task GenerateAsync_MemoryIsNeeded_TakesItFromWhatIsKeptAndBringsItBackFromTheHost()
    {
        var pages = new OraclePages(4, [null, 8]) { InHostMemory = false };
        await using GenerationEngine engine = Engines.Make(pages, new CacheNeeds(pages.Groups, 4).Bytes(60), Engines.Small with { OffloadBytes = 1 << 16 });
        int[] prompt = Tokens(40, 1);
        GenerationResult first = await engine.GenerateAsync(Request(prompt), Ended);
        for (int i = 2; i < 6; i++) await engine.GenerateAsync(Request(Tokens(45, i)), Ended);
        Assert.True(engine.Statistics.OffloadedBytes > 0 && pages.Saves > 0);
        GenerationResult again = await engine.GenerateAsync(Request(prompt), Ended);
        Assert.True(pages.Loads > 0);
        Assert.Equal(36, again.ReusedTokens);
        Assert.Equal(first.Tokens, again.Tokens);
        Assert.True(engine.Statistics.OffloadedBytes <= 1 << 16);
    }

    [Fact]
    public async Task GenerateAsync_HostHasNoMemoryForCopies_GoesOnWithoutThem()
    {
        var pages = new OraclePages(4, [null, 8]) { InHostMemory = false, Saving = () => throw new InsufficientMemoryException() };
        await using GenerationEngine engine = Engines.Make(pages, new CacheNeeds(pages.Groups, 4).Bytes(60), Engines.Small with { OffloadBytes = 1 << 16 });
        for (int i = 1; i < 8; i++)
        {
            GenerationRequest request = Request(Tokens(45, 1 + (i % 4)));
            Assert.Equal((await Engines.AloneAsync([null, 8], request)).Tokens, (await engine.GenerateAsync(request, Ended)).Tokens);
        }

        Assert.Equal((0, 0L, 7L), (pages.Saves, engine.Statistics.OffloadedBytes, engine.Statistics.CompletedRequests));
    }

    /// <summary>What is found may lie in host memory and not fit beside the others' pages: then a sequence keeps what it has.</summary>
    /// <summary>What another has computed meanwhile may reach far beyond the window: nothing before it may stay with the sequence.</summary>
    [Fact]
    public void Adopt_FarBeyondAWindow_KeepsNothingBeforeIt()
    {
        using var pages = new OraclePages(4, [null, 8]);
        var cache = new PagedCache(pages, new PagedCacheOptions { BudgetBytes = new CacheNeeds(pages.Groups, 4).PageBytes * 64, Keeps = true, KeptShare = 1 });
        var distribution = new LongContext.Generation.Sampling.TokenDistribution();
        EngineSequence first = Sequence(), second = Sequence();
        Compute(second, 8);
        Compute(first, 40);
        Assert.Equal(40, cache.Match(second, out _));
        Assert.True(cache.Adopt(second, 40));
        Assert.All(second.Pages.Of(0).ToArray(), page => Assert.True(page >= 0));
        // The next token, at position 40, sees from 33 on: pages 8 and 9.
        Assert.Equal([8, 9], Enumerable.Range(0, 10).Where(index => second.Pages.Of(1)[index] >= 0));
        cache.Drop(first);
        cache.Drop(second);
        Assert.Equal(0, cache.UsedBytes);

        EngineSequence Sequence() => new(Engines.Model, Request(Tokens(41, 1)), null, pages, distribution, TimeProvider.System);

        void Compute(EngineSequence sequence, int tokens)
        {
            while (sequence.Cached < tokens)
            {
                Assert.True(cache.Grow(sequence, sequence.Cached + 4) >= sequence.Cached + 4);
                sequence.Cached += 4;
                cache.Publish(sequence);
                cache.Forget(sequence);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(6)]
    public void Adopt_PagesOfTheHostDoNotFit_LeavesTheSequenceAsItIs(int? window)
    {
        using var pages = new OraclePages(4, window is null ? [null] : [null, window]);
        var cache = new PagedCache(pages, new PagedCacheOptions { BudgetBytes = new CacheNeeds(pages.Groups, 4).PageBytes * 10, Keeps = true, KeptShare = 1, OffloadBytes = 1 << 16 });
        var distribution = new LongContext.Generation.Sampling.TokenDistribution();
        EngineSequence first = Sequence(33, 1), other = Sequence(40, 2), second = Sequence(33, 1);
        Compute(first, 32);
        cache.Drop(first);
        // The second begins by itself, as if it had come before the first was done.
        Assert.Equal(4, cache.Grow(second, 2));
        second.Cached = 2;
        Compute(other, 36);
        Assert.True(cache.HostBytes > 0);
        int there = cache.Match(second, out _);
        Assert.Equal(32, there);
        int[] own = second.Pages.Of(0).ToArray();
        Assert.False(cache.Adopt(second, there));
        Assert.Equal(2, second.Cached);
        Assert.Equal(own, second.Pages.Of(0).ToArray());
        // With room it gets all of it.
        cache.Drop(other);
        Assert.Equal(32, cache.Match(second, out _));
        Assert.True(cache.Adopt(second, 32));
        Assert.Equal(32, second.Cached);
        cache.Drop(second);
        Assert.Equal(0, cache.UsedBytes);

        EngineSequence Sequence(int length, int seed) => new(Engines.Model, Request(Tokens(length, seed)), null, pages, distribution, TimeProvider.System);

        void Compute(EngineSequence sequence, int tokens)
        {
            while (sequence.Cached < tokens)
            {
                Assert.True(cache.Grow(sequence, sequence.Cached + 4) >= sequence.Cached + 4);
                sequence.Cached += 4;
                cache.Publish(sequence);
                cache.Forget(sequence);
            }
        }
    }

    [Fact]
    public async Task GenerateAsync_FrequenciesFollowLength_GivesWhatEachGivesAloneAndReusesOnlyEqualOnes()
    {
        var model = new EngineModel(Engines.Vocabulary) { FrequenciesFollowLengthPast = 24 };
        await CheckFrequenciesAsync(model, length => length > 24 ? length : 0, 24);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GenerateAsync_FrequenciesChangeOnce_GivesWhatEachGivesAloneAndReusesOnlyEqualOnes(bool recomputes)
    {
        var model = new EngineModel(Engines.Vocabulary) { FrequenciesChangePast = 24, RecomputesPast = recomputes ? 24 : null };
        await CheckFrequenciesAsync(model, length => length > 24 ? 1 : 0, 24);
    }

    private static async Task CheckFrequenciesAsync(EngineModel model, Func<int, int> frequencies, int window)
    {
        var random = new SplitMix64(8, window);
        int?[] shape = [null, 9];
        var pages = new OraclePages(4, shape);
        await using GenerationEngine engine = Engines.Make(
            pages, new CacheNeeds(pages.Groups, 4).Bytes(120), model: model, runner: own => new OracleRunner(own, Engines.Vocabulary) { Frequencies = frequencies });
        GenerationRequest[] requests = new GenerationRequest[80];
        for (int i = 0; i < requests.Length; i++) requests[i] = Engines.Request(ref random, 50, 20) with { CacheSalt = null };
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, Ended)));
        for (int i = 0; i < requests.Length; i++)
        {
            GenerationResult alone = await Engines.AloneAsync(shape, requests[i], model, frequencies);
            Assert.Equal(alone.Tokens, results[i].Tokens);
        }

        Assert.True(engine.Statistics.ReusedTokens > 0);
    }
}
