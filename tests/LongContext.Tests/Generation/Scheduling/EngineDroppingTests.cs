using LongContext.Data;
using LongContext.Generation;
using LongContext.Models;
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

    /// <summary>Pages of sinks are counted without an overflow, by the cache and by the runner.</summary>
    [Fact]
    public async Task GenerateAsync_AsManySinksAsThereAreNumbers_DropsNothing()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 200, Threads = 1, AllowsBeyondContext = true });
        var request = new GenerationRequest { Prompt = TinyModels.Tokens(60, 1), Options = new GenerationOptions { MaximumNewTokens = 30, StopTokenIds = [] } };
        GenerationResult whole = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        GenerationResult sinks = await engine.GenerateAsync(request with { Dropping = new AttentionSinks { Sinks = int.MaxValue - 5, Window = 5 } }, TestContext.Current.CancellationToken);
        Assert.Equal((30, 0), (sinks.Tokens.Count, sinks.DroppedTokens));
        // Scores are summed in another order, which in the end may decide.
        Assert.Equal(whole.Tokens.Take(5), sinks.Tokens.Take(5));
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

    /// <summary>Whatever the memory: a request that chooses is refused at once, or comes to its end.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(9)]
    public async Task GenerateAsync_SelectedPromptInAnyMemory_IsRefusedAtOnceOrEnds(int? window)
    {
        var random = new SplitMix64(5, 12);
        var request = new GenerationRequest
        {
            Prompt = Engines.Prompt(ref random, 61), Dropping = new PromptSelection { MaximumTokens = 22, ObservedTokens = 17 }, Options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] },
        };
        int?[] windows = window is null ? [null] : [null, window];
        IReadOnlyList<int> alone = (await Engines.AloneAsync(windows, request)).Tokens;
        int refused = 0, ended = 0;
        for (int count = 15; count < 45; count++)
        {
            var pages = new OraclePages(4, windows);
            await using GenerationEngine engine = Engines.Make(pages, count * 4 * 16);
            try
            {
                Assert.Equal(alone, (await engine.GenerateAsync(request, TestContext.Current.CancellationToken)).Tokens);
                ended++;
            }
            catch (CacheCapacityException e)
            {
                Assert.True(e.RequiredBytes > e.CapacityBytes && e.CapacityBytes == count * 4 * 16, $"{count} pages: {e.Message}");
                refused++;
            }
        }

        Assert.True(refused > 5 && ended > 5, $"{refused} refused, {ended} ended");
    }

    [Fact]
    public async Task GenerateAsync_SelectedPromptWithTooLongAnAnswer_SaysWhatWouldFit()
    {
        var pages = new OraclePages(4, [null, 9]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 300));
        var random = new SplitMix64(5, 13);
        var request = new GenerationRequest { Prompt = Engines.Prompt(ref random, 200), Dropping = new PromptSelection { MaximumTokens = 20, ObservedTokens = 5 }, Options = Answer(900) };
        CacheCapacityException e = await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request, TestContext.Current.CancellationToken));
        int fits = e.MaximumTokens - 200;
        Assert.Contains($"at most {fits} new tokens fit", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request with { Options = Answer(fits + 1) }, TestContext.Current.CancellationToken));
        Assert.Equal(fits, (await engine.GenerateAsync(request with { Options = Answer(fits) }, TestContext.Current.CancellationToken)).Tokens.Count);

        // A prompt that does not fit beside what is kept of it.
        request = request with { Prompt = Engines.Prompt(ref random, 600), Options = Answer(1) };
        e = await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request, TestContext.Current.CancellationToken));
        int longest = e.MaximumTokens - 1;
        Assert.Contains($"prompts of at most {longest} tokens fit", e.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CacheCapacityException>(() => engine.GenerateAsync(request with { Prompt = request.Prompt[..(longest + 1)] }, TestContext.Current.CancellationToken));
        Assert.Single((await engine.GenerateAsync(request with { Prompt = request.Prompt[..longest] }, TestContext.Current.CancellationToken)).Tokens);

        static GenerationOptions Answer(int most) => new() { MaximumNewTokens = most, StopTokenIds = [] };
    }

    /// <summary>What goes wrong with one sequence's pages behind a step is that one's fault.</summary>
    [Fact]
    public async Task GenerateAsync_ChoiceOfOneFails_OthersOfTheStepGoOn()
    {
        int steps = 0, failures = 1;
        using var go = new ManualResetEventSlim();
        var pages = new OraclePages(4, [null]) { Selecting = () => { if (failures-- > 0) throw new InvalidDataException("Broken."); } };
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, Engines.Small with { StepTokens = 48 }, runner: own => new OracleRunner(own, Engines.Vocabulary)
        {
            Before = (_, _) => { if (steps++ == 0) go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None); },
        });
        var random = new SplitMix64(5, 14);
        CancellationToken ended = TestContext.Current.CancellationToken;
        Task<GenerationResult> warm = engine.GenerateAsync(Request(4, 5), ended), completes = engine.GenerateAsync(Request(4, 1) with { Priority = 2 }, ended);
        Task<GenerationResult> fails = engine.GenerateAsync(Request(12, 5) with { Priority = 1, Dropping = new PromptSelection { MaximumTokens = 5, ObservedTokens = 3 } }, ended), other = engine.GenerateAsync(Request(4, 10), ended);
        go.Set();
        Assert.Equal("Broken.", (await Assert.ThrowsAsync<InvalidDataException>(() => fails)).Message);
        Assert.Equal((5, 1, 10), ((await warm).Tokens.Count, (await completes).Tokens.Count, (await other).Tokens.Count));
        GenerationEngineStatistics statistics = await EngineMixTests.QuietAsync(engine);
        Assert.Equal((3, 1, 0), (statistics.CompletedRequests, statistics.FailedRequests, statistics.UsedCacheBytes));

        GenerationRequest Request(int prompt, int answer) => new() { Prompt = Engines.Prompt(ref random, prompt), Options = new GenerationOptions { MaximumNewTokens = answer, StopTokenIds = [] } };
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
