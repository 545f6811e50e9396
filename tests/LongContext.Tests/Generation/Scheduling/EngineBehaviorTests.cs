using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Scheduling;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineBehaviorTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private static GenerationRequest Request(int length, int most = 10, int seed = 1) => new()
    {
        Prompt = Tokens(length, seed),
        Options = new GenerationOptions { MaximumNewTokens = most, StopTokenIds = [] },
    };

    private static int[] Tokens(int length, int seed)
    {
        var random = new SplitMix64(seed, 4);
        return Engines.Prompt(ref random, length);
    }

    [Fact]
    public async Task StreamAsync_CancelledDuringALongStep_EndsAtOnceAndEndsTheStep()
    {
        using var entered = new ManualResetEventSlim();
        CancellationToken seen = default;
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (batch, token) =>
            {
                seen = token;
                if (batch.TokenCount < 8) return;
                entered.Set();
                token.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
            },
        });
        using var source = new CancellationTokenSource();
        Task<GenerationResult> task = engine.GenerateAsync(Request(9), source.Token);
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), Ended));
        await source.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Equal(source.Token, e.CancellationToken);
        Assert.True(seen.IsCancellationRequested);
        // The next one is not hindered by it.
        Assert.Equal((await Engines.AloneAsync([null], Request(5))).Tokens, (await engine.GenerateAsync(Request(5), Ended)).Tokens);
        Assert.Equal(1, engine.Statistics.CancelledRequests);
    }

    [Fact]
    public async Task StreamAsync_OneOfTwoCancelledDuringAStep_LetsTheOtherGoOn()
    {
        using var go = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        bool cancelled = false;
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (batch, token) =>
            {
                if (batch.SequenceCount < 2) return;
                entered.Set();
                go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
                cancelled |= token.IsCancellationRequested;
            },
        });
        using var source = new CancellationTokenSource();
        Task<GenerationResult> one = engine.GenerateAsync(Request(9, 400, 1), source.Token), other = engine.GenerateAsync(Request(9, 400, 2), Ended);
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), Ended));
        await source.CancelAsync();
        // Its caller is free although the step still runs.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        go.Set();
        Assert.Equal((await Engines.AloneAsync([null], Request(9, 400, 2))).Tokens, (await other).Tokens);
        Assert.False(cancelled);
    }

    /// <summary>Whoever disposes what another is just disposing may let go of the model behind it, and so has to wait.</summary>
    [Fact]
    public async Task Dispose_WhileAnotherDoes_ReturnsOnceTheThreadIsGone()
    {
        using ManualResetEventSlim entered = new(), go = new();
        GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                entered.Set();
                go.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            },
        });
        Task<GenerationResult> running = engine.GenerateAsync(Request(3), TestContext.Current.CancellationToken);
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Task first = engine.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
        Task second = engine.DisposeAsync().AsTask();
        await Task.WhenAny(second, Task.Delay(200, TestContext.Current.CancellationToken));
        Assert.False(first.IsCompleted || second.IsCompleted);
        go.Set();
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Dispose_RequestsOnTheirWay_TellsTheirCallers()
    {
        using var entered = new ManualResetEventSlim();
        var pages = new OraclePages(4, [null, 6]);
        GenerationEngine engine = Engines.Make(pages, 1 << 12, Engines.Small with { MaximumSequences = 2 }, runner: own => new OracleRunner(own, Engines.Vocabulary) { Before = (_, _) => entered.Set() });
        Task<GenerationResult>[] tasks = [.. Enumerable.Range(0, 6).Select(i => engine.GenerateAsync(Request(10, 10, i)))];
        entered.Wait(Ended);
        engine.Dispose();
        engine.Dispose();
        foreach (Task<GenerationResult> task in tasks)
        {
            Exception? e = await Record.ExceptionAsync(() => task);
            Assert.True(e is null or ObjectDisposedException, $"{e}");
        }

        Assert.Equal(0, pages.CommittedBytes);
        Assert.Throws<ObjectDisposedException>(() => engine.StreamAsync(Request(3)));
    }

    [Fact]
    public async Task StreamAsync_CannotEverFit_IsRefusedWithTheFigures()
    {
        var pages = new OraclePages(4, [null, 8]);
        // Ten pages of the first group, and the window's three.
        await using GenerationEngine engine = Engines.Make(pages, 13 * 64);
        Assert.Equal(41, engine.MaximumSequenceTokens);
        CacheCapacityException e = Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(Request(31, 11)));
        Assert.Equal((42, 41, 14 * 64L, 13 * 64L), (e.RequiredTokens, e.MaximumTokens, e.RequiredBytes, e.CapacityBytes));
        Assert.Contains("with this prompt at most 10 new tokens fit", e.Message, StringComparison.Ordinal);
        Assert.Contains("prompts of at most 40 tokens fit", Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(Request(41, 1000))).Message, StringComparison.Ordinal);
        GenerationResult result = await engine.GenerateAsync(Request(31, 10), Ended);
        Assert.Equal((await Engines.AloneAsync([null, 8], Request(31, 10))).Tokens, result.Tokens);
        Assert.Equal((GenerationFinishReason.Length, 31, 10), (result.FinishReason, result.PromptTokens, result.Tokens.Count));
    }

    [Fact]
    public async Task StreamAsync_BadRequest_SaysWhatIsWrong()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 12, model: new EngineModel(Engines.Vocabulary) { FrequenciesFollowLengthPast = 8, CacheEndsAt = 9 });
        Assert.Throws<ArgumentNullException>(() => engine.StreamAsync(null!));
        Assert.Contains("prompt is empty", Fault(new GenerationRequest { Prompt = Array.Empty<int>() }), StringComparison.Ordinal);
        Assert.Contains("Token 1 of the prompt is 40", Fault(new GenerationRequest { Prompt = new[] { 1, 40 } }), StringComparison.Ordinal);
        Assert.Contains("Token 0 of the prompt is -1", Fault(new GenerationRequest { Prompt = new[] { -1, 4 } }), StringComparison.Ordinal);
        string fault = Fault(With(new GenerationOptions { MaximumNewTokens = 0, Speculation = new SpeculationOptions { MaximumTokens = 0, LongestMatch = 1 } }));
        Assert.Contains("MaximumNewTokens", fault, StringComparison.Ordinal);
        Assert.Contains("Speculation.MaximumTokens", fault, StringComparison.Ordinal);
        Assert.Contains("Speculation.LongestMatch", fault, StringComparison.Ordinal);
        Assert.Contains("TextGenerator", Assert.Throws<NotSupportedException>(() => engine.StreamAsync(With(new GenerationOptions { RerotateCachedKeys = true }))).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => engine.StreamAsync(With(new GenerationOptions { DropsContextAtOriginalWindow = true })));
        StreamingGeneration read = engine.StreamAsync(Request(3, 2));
        await foreach (GeneratedToken _ in read)
        {
        }

        Assert.Equal(2, read.Result!.Tokens.Count);
        Assert.Throws<InvalidOperationException>(() => read.GetAsyncEnumerator(Ended));

        string Fault(GenerationRequest request) => Assert.Throws<ArgumentException>(() => engine.StreamAsync(request)).Message;
        static GenerationRequest With(GenerationOptions options) => new() { Prompt = new[] { 1 }, Options = options };
    }

    [Fact]
    public void Options_OutOfRange_AllFaultsInOne()
    {
        var options = new GenerationEngineOptions { CacheBytes = 0, CacheTokens = 0, StepTokens = 3, MaximumSequences = 4, QueueLimit = -1, KeptShare = double.NaN, OffloadBytes = -1, MaximumLogProbabilities = -1, MaximumLogProbabilitiesTogether = -2, CacheFormat = (KeyValueCacheFormat)9, Threads = 0, TimeProvider = null! };
        string message = Assert.Throws<ArgumentException>(options.Validate).Message;
        foreach (string name in new[] { "CacheBytes must", "CacheTokens must", "both given", "StepTokens", "QueueLimit", "KeptShare", "OffloadBytes", "MaximumLogProbabilities must", "MaximumLogProbabilitiesTogether must", "CacheFormat", "Threads", "TimeProvider" })
            Assert.Contains(name, message, StringComparison.Ordinal);
        new GenerationEngineOptions().Validate();
    }

    [Fact]
    public async Task GenerateAsync_StepFails_FailsItsRequestsAndServesTheNext()
    {
        int failures = 1;
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 12, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                if (failures-- > 0) throw new TimeoutException("the device is gone");
            },
        });
        Assert.Equal("the device is gone", (await Assert.ThrowsAsync<TimeoutException>(() => engine.GenerateAsync(Request(5), Ended))).Message);
        Assert.Equal((await Engines.AloneAsync([null], Request(5))).Tokens, (await engine.GenerateAsync(Request(5), Ended)).Tokens);
        Assert.Equal((1, 1), (engine.Statistics.FailedRequests, engine.Statistics.CompletedRequests));
    }

    [Fact]
    public async Task GenerateAsync_ScoresAreNotNumbers_FailsThatRequestAlone()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 13, runner: pages => new OracleRunner(pages, Engines.Vocabulary) { IsNaN = token => token == 39 });
        Task<GenerationResult> good = engine.GenerateAsync(Request(12, 30), Ended);
        GenerationRequest bad = new() { Prompt = new[] { 1, 2, 39 } };
        Assert.Contains("scores after 3 tokens are not numbers (NaN)", (await Assert.ThrowsAsync<InvalidOperationException>(() => engine.GenerateAsync(bad, Ended))).Message, StringComparison.Ordinal);
        Assert.Equal(30, (await good).Tokens.Count);
    }

    [Fact]
    public async Task GenerateAsync_QueueLimit_RefusesOneMore()
    {
        using var go = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 14, Engines.Small with { MaximumSequences = 1, QueueLimit = 2 }, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                entered.Set();
                go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            },
        });
        Task<GenerationResult> running = engine.GenerateAsync(Request(5), Ended);
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), Ended));
        Task<GenerationResult>[] waiting = [engine.GenerateAsync(Request(5), Ended), engine.GenerateAsync(Request(5), Ended)];
        Assert.Contains("2 requests wait", (await Assert.ThrowsAsync<GenerationQueueFullException>(() => engine.GenerateAsync(Request(5), Ended))).Message, StringComparison.Ordinal);
        go.Set();
        await Task.WhenAll([running, .. waiting]);
    }

    [Fact]
    public async Task GenerateAsync_HigherPriority_BeginsFirstAndEqualsInOrder()
    {
        using var go = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        List<int> order = [];
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 14, Engines.Small with { MaximumSequences = 1 }, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (batch, _) =>
            {
                if (batch.Sequences[0].CachedTokens == 0) order.Add(batch.Tokens[0]);
                entered.Set();
                go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
            },
        });
        List<Task> tasks = [engine.GenerateAsync(Request(5), Ended)];
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), Ended));
        order.Clear();
        foreach ((int name, int priority) in new[] { (0, 0), (1, 5), (2, -1), (3, 5), (4, 0) })
            tasks.Add(engine.GenerateAsync(new GenerationRequest { Prompt = new[] { name }, Priority = priority, Options = new GenerationOptions { MaximumNewTokens = 3 } }, Ended));
        go.Set();
        await Task.WhenAll(tasks);
        Assert.Equal([1, 3, 0, 4, 2], order);
    }

    [Fact]
    public async Task GenerateAsync_MachineHasLessMemoryThanTheBudget_GoesOnWithWhatThereIs()
    {
        var pages = new OraclePages(4, [null]) { LimitBytes = 30 * 64 };
        GenerationEngine? made = null;
        long least = long.MaxValue;
        CacheCapacityException? refusal = null;
        var clock = new SetClock();
        await using GenerationEngine engine = made = Engines.Make(pages, 1 << 20, Engines.Small with { TimeProvider = clock }, runner: own => new OracleRunner(own, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                least = Math.Min(least, made!.Statistics.CacheBytes);
                // Too large for what was found out: told, not waited for.
                if (least < 1 << 20) refusal ??= Record.Exception(() => made.StreamAsync(Request(121, 30))) as CacheCapacityException;
            },
        });
        GenerationRequest[] requests = [.. Enumerable.Range(0, 8).Select(i => Request(40, 30, i))];
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, Ended)));
        for (int i = 0; i < requests.Length; i++) Assert.Equal((await Engines.AloneAsync([null], requests[i])).Tokens, results[i].Tokens);
        Assert.Equal(30 * 64, least);
        Assert.False(refusal!.IsPermanent);
        // With nobody there it is tried again: in vain, and then, when others have given memory back and a while has gone, not.
        await PlannedAsync(engine, 1 << 20);
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(Request(121, 30), Ended));
        await PlannedAsync(engine, 1 << 20);
        pages.LimitBytes = long.MaxValue;
        clock.Seconds = 31;
        Assert.Equal(30, (await engine.GenerateAsync(Request(121, 30), Ended)).Tokens.Count);
    }

    [Fact]
    public async Task GenerateAsync_MachineShortOfMemoryWhileOthersRun_ComesBackToTheBudgetAfterAWhile()
    {
        var pages = new OraclePages(4, [null]) { LimitBytes = 70 * 64 };
        var clock = new SetClock();
        GenerationEngine? made = null;
        Task<GenerationResult>? first = null;
        bool wasShort = false, cameBack = false, tooSoon = false;
        int stepsShort = 0;
        using var both = new ManualResetEventSlim();
        await using GenerationEngine engine = made = Engines.Make(pages, 1 << 20, Engines.Small with { TimeProvider = clock }, runner: own => new OracleRunner(own, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                both.Wait(TimeSpan.FromSeconds(30), CancellationToken.None);
                bool isShort = made!.Statistics.CacheBytes < 1 << 20;
                wasShort |= isShort;
                if (isShort) stepsShort++;
                tooSoon |= wasShort && !isShort && stepsShort < 10;
                cameBack |= wasShort && !isShort && first is { IsCompleted: false };
                if (stepsShort != 10) return;
                pages.LimitBytes = long.MaxValue;
                clock.Seconds = 31;
            },
        });
        first = engine.GenerateAsync(Request(40, 200, 1), Ended);
        Task<GenerationResult> other = engine.GenerateAsync(Request(40, 200, 2), Ended);
        both.Set();
        GenerationResult second = await other;
        Assert.Equal((await Engines.AloneAsync([null], Request(40, 200, 2))).Tokens, second.Tokens);
        Assert.Equal((await Engines.AloneAsync([null], Request(40, 200, 1))).Tokens, (await first).Tokens);
        Assert.Equal((true, true, false), (wasShort, cameBack, tooSoon));
    }

    [Fact]
    public async Task DisposeAsync_WhileATokenIsWaitedForElsewhere_EndsTheWait()
    {
        using var go = new ManualResetEventSlim();
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null]), 1 << 16, runner: pages => new OracleRunner(pages, Engines.Vocabulary) { Before = (_, token) => WaitHandle.WaitAny([go.WaitHandle, token.WaitHandle], TimeSpan.FromSeconds(30)) });
        IAsyncEnumerator<GeneratedToken> tokens = engine.StreamAsync(Request(5, 9), Ended).GetAsyncEnumerator(Ended);
        Task<bool> next = tokens.MoveNextAsync().AsTask();
        await tokens.DisposeAsync();
        Assert.False(await next.WaitAsync(TimeSpan.FromSeconds(20), Ended));
        Assert.False(await tokens.MoveNextAsync());
        go.Set();
    }

    /// <summary>A reader that has a whole answer (a stop string, a call) leaves a request that ended; any other one that leaves gave it up.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EngineTokenGenerator_ReaderThatLeaves_HasARequestThatEndedOrWasCancelled(bool isEnough)
    {
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary) { Before = (_, _) => Thread.Sleep(1) });
        var usage = new GenerationUsage();
        IAsyncEnumerator<GeneratedToken> tokens = new EngineTokenGenerator(engine).GenerateAsync(Request(5, 10_000), usage, Ended).GetAsyncEnumerator(Ended);
        for (int i = 0; i < 3; i++) Assert.True(await tokens.MoveNextAsync());
        usage.IsEnough = isEnough;
        await tokens.DisposeAsync();
        for (int i = 0; i < 2_000 && engine.Statistics is { CompletedRequests: 0, CancelledRequests: 0 }; i++) await Task.Delay(5, Ended);
        GenerationEngineStatistics statistics = engine.Statistics;
        Assert.Equal((isEnough ? 1 : 0, isEnough ? 0 : 1, 0), (statistics.CompletedRequests, statistics.CancelledRequests, statistics.FailedRequests));
    }

    [Fact]
    public async Task StreamAsync_MoreAlternativesOfThePromptThanMayBe_RefusesWithTheFigures()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1L << 40, model: new EngineModel(152_000));
        GenerationRequest request = new() { Prompt = new int[100_000], Options = new GenerationOptions { MaximumNewTokens = 0, PromptLogProbabilities = 1_000_000 } };
        string message = Assert.Throws<ArgumentException>(() => engine.StreamAsync(request)).Message;
        Assert.All(["PromptLogProbabilities", "100000", "15200000000", "16777216"], text => Assert.Contains(text, message, StringComparison.Ordinal));
        engine.StreamAsync(request with { Options = request.Options with { PromptLogProbabilities = 167 } });
    }

    private static async Task PlannedAsync(GenerationEngine engine, long bytes)
    {
        for (int i = 0; i < 2_000 && engine.Statistics.CacheBytes != bytes; i++) await Task.Delay(5, Ended);
        Assert.Equal(bytes, engine.Statistics.CacheBytes);
    }

    private sealed class SetClock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    [Fact]
    public async Task GenerateAsync_OneLargerThanTheMachine_FailsWhenItCannotGrow()
    {
        var pages = new OraclePages(4, [null]) { LimitBytes = 10 * 64 };
        await using GenerationEngine engine = Engines.Make(pages, 1 << 20);
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(Request(90, 30), Ended));
        Assert.Equal(5, (await engine.GenerateAsync(Request(9, 5), Ended)).Tokens.Count);
    }
}
