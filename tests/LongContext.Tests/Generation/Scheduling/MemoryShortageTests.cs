using LongContext.Generation;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>On a machine that always has less memory than was planned, what cannot be held is not computed again and again.</summary>
public sealed class MemoryShortageTests
{
    private const long PageBytes = 64, Planned = 1 << 20;

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamAsync_OneThatMemoryRanOutUnder_IsRefusedForAWhileEachTimeLonger()
    {
        var clock = new SetClock();
        var pages = new OraclePages(4, [null]) { LimitBytes = 10 * PageBytes };
        await using GenerationEngine engine = Engines.Make(pages, Planned, Engines.Small with { TimeProvider = clock });
        GenerationRequest large = Request(90, 3), small = Request(20, 5);
        Assert.Equal(Planned / PageBytes * 4, engine.MaximumSequenceTokens - 1);
        long now = 0;
        // Half a minute, a minute, and so on up to eight.
        foreach (int seconds in new[] { 30, 60, 120, 240, 480, 480 })
        {
            CacheCapacityException ranOut = await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(large, Ended));
            Assert.Contains("cannot grow", ranOut.Message, StringComparison.Ordinal);
            await EngineMixTests.QuietAsync(engine);
            long computed = engine.Statistics.ComputedTokens;
            clock.Seconds = now + seconds - 1;
            CacheCapacityException refusal = Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(large));
            Assert.Equal((false, 0, 23 * PageBytes, 10 * PageBytes), (refusal.IsPermanent, refusal.RequiredTokens, refusal.RequiredBytes, refusal.CapacityBytes));
            Assert.Contains("try again later", refusal.Message, StringComparison.Ordinal);
            Assert.Equal((41, computed), (engine.MaximumSequenceTokens, engine.Statistics.ComputedTokens));
            // What fits goes on.
            Assert.Equal(5, (await engine.GenerateAsync(small, Ended)).Tokens.Count);
            await EngineMixTests.QuietAsync(engine);
            now = clock.Seconds = now + seconds;
        }

        // What never fits is told so at any time.
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(large, Ended));
        Assert.True(Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(Request(90, 1 << 20))).IsPermanent);

        // With memory there again it is forgotten, and counts from half a minute on.
        pages.LimitBytes = long.MaxValue;
        clock.Seconds = now += 480;
        Assert.Equal(3, (await engine.GenerateAsync(large, Ended)).Tokens.Count);
        await EngineMixTests.QuietAsync(engine);
        await engine.ClearCacheAsync();
        pages.LimitBytes = 12 * PageBytes;
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(Request(91, 3), Ended));
        await EngineMixTests.QuietAsync(engine);
        Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(large));
        clock.Seconds = now + 30;
        engine.StreamAsync(large);
    }

    /// <summary>Those that came before anybody knew are not computed in vain either.</summary>
    [Fact]
    public async Task GenerateAsync_OthersWaitThatAreAsLarge_AreToldWithoutBeingComputed()
    {
        var pages = new OraclePages(4, [null]) { LimitBytes = 10 * PageBytes };
        using var go = new ManualResetEventSlim();
        int begun = 0;
        await using GenerationEngine engine = Engines.Make(pages, Planned, Engines.Small with { MaximumSequences = 1, ReusesPrefixes = false }, runner: own => new OracleRunner(own, Engines.Vocabulary)
        {
            Before = (batch, _) =>
            {
                if (batch.Sequences[0].CachedTokens == 0) begun++;
                go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            },
        });
        Task<GenerationResult>[] large = [.. Enumerable.Range(0, 5).Select(i => engine.GenerateAsync(Request(90 + i, 3), Ended))];
        Task<GenerationResult> small = engine.GenerateAsync(Request(20, 5), Ended);
        go.Set();
        foreach (Task<GenerationResult> one in large) Assert.False((await Assert.ThrowsAsync<CacheCapacityException>(() => one)).IsPermanent);
        Assert.Equal(5, (await small).Tokens.Count);
        Assert.Equal(2, begun);
        GenerationEngineStatistics statistics = await EngineMixTests.QuietAsync(engine);
        Assert.Equal((5, 1, 0), (statistics.FailedRequests, statistics.CompletedRequests, statistics.WaitingRequests));
    }

    private static GenerationRequest Request(int length, int most) =>
        new() { Prompt = Enumerable.Range(0, length).Select(i => i * 7 % (Engines.Vocabulary - 1)).ToArray(), Options = new GenerationOptions { MaximumNewTokens = most, StopTokenIds = [] } };

    private sealed class SetClock : TimeProvider
    {
        private long seconds;

        public long Seconds
        {
            get => Volatile.Read(ref seconds);
            set => Volatile.Write(ref seconds, value);
        }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
