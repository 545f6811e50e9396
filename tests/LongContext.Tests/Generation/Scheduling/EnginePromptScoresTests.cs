using LongContext.Data;
using LongContext.Generation;
using LongContext.Tests.Models;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Log-probabilities of prompts. What is right is what a request gives for its first token after each beginning of the prompt.</summary>
public sealed class EnginePromptScoresTests
{
    public static TheoryData<int> Shapes => [.. Enumerable.Range(0, Engines.Shapes.Length)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Shapes))]
    public async Task GenerateAsync_AmongOthersInLittleMemory_GivesWhatTheModelSaysOfEachBeginning(int shape)
    {
        var random = new SplitMix64(29, shape);
        int reused = 0, dropped = 0;
        foreach (double share in new[] { 1, 0.5, 0 })
        {
            var pages = new OraclePages(4, Engines.Shapes[shape]);
            await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 90), Engines.Small with { KeptShare = share, ReusesPrefixes = share > 0 });
            var requests = new GenerationRequest[40];
            for (int i = 0; i < requests.Length; i++)
            {
                requests[i] = Engines.Request(ref random, 40, 30);
                if (random.NextInt(3) == 0) continue;
                int kind = random.NextInt(4);
                requests[i] = requests[i] with
                {
                    Options = requests[i].Options with { PromptLogProbabilities = random.NextInt(4), MaximumNewTokens = random.NextInt(3) == 0 ? 0 : requests[i].Options.MaximumNewTokens },
                    Dropping = kind == 0 ? new AttentionSinks { Sinks = 2, Window = 9 } : kind == 1 ? new PromptSelection { ObservedTokens = 3, MaximumTokens = 12, PoolSize = 3 } : null,
                };
            }

            GenerationResult[] results = await Task.WhenAll(requests.Select(request => Task.Run(() => engine.GenerateAsync(request))));
            for (int i = 0; i < requests.Length; i++)
            {
                GenerationOptions options = requests[i].Options;
                GenerationResult result = results[i];
                if (options.MaximumNewTokens > 0) Assert.Equal((await Engines.AloneAsync(Engines.Shapes[shape], requests[i])).Tokens, result.Tokens);
                else Assert.Equal((0, GenerationFinishReason.Length), (result.Tokens.Count, result.FinishReason));
                if (options.PromptLogProbabilities is not { } alternatives)
                {
                    Assert.Null(result.PromptDetails);
                    reused += result.ReusedTokens;
                    continue;
                }

                dropped += result.DroppedTokens;
                Assert.Equal(0, result.ReusedTokens);
                await CheckAsync(Engines.Shapes[shape], requests[i], alternatives, result.PromptDetails!);
            }

            Assert.Equal((requests.Length, 0), (engine.Statistics.CompletedRequests, engine.Statistics.UsedCacheBytes));
        }

        Assert.True(reused > 0);
        Assert.True(dropped > 0);
    }

    /// <summary>Two answers grow while a long prompt is read, which loses its memory for it, mostly in its midst.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GenerateAsync_SentBackWhileItsPromptIsRead_GoesOnWhereItWas(bool reuses)
    {
        int inside = 0;
        for (int tokens = 168; tokens < 184; tokens++)
        {
            var random = new SplitMix64(12, tokens);
            var pages = new OraclePages(4, [null]);
            using var all = new ManualResetEventSlim();
            int scored = 0;
            long preempted = 0;
            GenerationEngine? made = null;
            await using GenerationEngine engine = made = Engines.Make(pages, Engines.Bytes(pages, tokens), Engines.Small with { ReusesPrefixes = reuses }, runner: own => new OracleRunner(own, Engines.Vocabulary)
            {
                Before = (batch, cancellation) =>
                {
                    all.Wait(cancellation);
                    // The long prompt, which comes last, is what is sent back; and it alone asks for more than one row.
                    if (made!.Statistics.Preemptions > preempted && scored is > 0 and < 119) inside++;
                    preempted = made.Statistics.Preemptions;
                    foreach (ref readonly LongContext.Generation.Running.StepSequence sequence in batch.Sequences) scored += sequence.LogitCount > 1 ? sequence.LogitCount : 0;
                },
            });
            GenerationRequest[] requests =
            [
                .. Enumerable.Range(0, 2).Select(_ => new GenerationRequest { Prompt = Engines.Prompt(ref random, 20), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [] } }),
                new GenerationRequest { Prompt = Engines.Prompt(ref random, 120), Priority = -1, Options = new GenerationOptions { MaximumNewTokens = 3, StopTokenIds = [], PromptLogProbabilities = 1 } },
            ];
            Task<GenerationResult>[] running = [.. requests.Select(request => engine.GenerateAsync(request, Token))];
            all.Set();
            GenerationResult result = (await Task.WhenAll(running))[2];
            await CheckAsync([null], requests[2], 1, result.PromptDetails!);
            Assert.Equal((await Engines.AloneAsync([null], requests[2])).Tokens, result.Tokens);
            // Each row was asked for once, but for one that may have been alone in its step.
            Assert.InRange(scored, 110, 120);
        }

        Assert.True(inside > 0, "the long prompt never lost its memory in its midst");
    }

    [Fact]
    public async Task GenerateAsync_WhatAnotherLeft_IsReadAnewAndThenReused()
    {
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1L << 20);
        var random = new SplitMix64(3, 4);
        GenerationRequest plain = new() { Prompt = Engines.Prompt(ref random, 41), Options = new GenerationOptions { MaximumNewTokens = 1 } };
        GenerationRequest scored = plain with { Options = plain.Options with { PromptLogProbabilities = 2, MaximumNewTokens = 0 } };
        GenerationResult first = await engine.GenerateAsync(scored, Token), second = await engine.GenerateAsync(scored, Token), third = await engine.GenerateAsync(plain, Token);
        Assert.Equal((0, 0, 40), (first.ReusedTokens, second.ReusedTokens, third.ReusedTokens));
        Assert.Equal(first.PromptDetails!.Select(Flat), second.PromptDetails!.Select(Flat));
        await CheckAsync([null], scored, 2, first.PromptDetails!);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(8, 72)]
    public async Task GenerateAsync_ManyAtOnce_AsksForNoMoreRowsThanThePlanHas(int sequences, int rows)
    {
        var pages = new OraclePages(4, [null]);
        int most = 0;
        await using GenerationEngine engine = Engines.Make(pages, 1L << 20, new GenerationEngineOptions { StepTokens = 200, MaximumSequences = sequences, ReusesPrefixes = false }, runner: own => new OracleRunner(own, Engines.Vocabulary, 200)
        {
            Before = (batch, _) => most = Math.Max(most, batch.LogitCount),
        });
        var random = new SplitMix64(8, 1);
        int[][] prompts = [.. Enumerable.Range(0, 6).Select(_ => Engines.Prompt(ref random, 150))];
        GenerationResult[] results = await Task.WhenAll(prompts.Select(prompt =>
            engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = 9, PromptLogProbabilities = 0 } }, Token)));
        Assert.All(results, result => Assert.Equal(149, result.PromptDetails!.Count(token => token.LogProbability <= 0)));
        Assert.InRange(most, rows / 2, rows);
    }

    [Fact]
    public async Task StreamAsync_WithPromptLogProbabilities_HasThemAtTheFirstToken()
    {
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1L << 20);
        StreamingGeneration stream = engine.StreamAsync(new GenerationRequest { Prompt = new[] { 4, 5, 6 }, Options = new GenerationOptions { PromptLogProbabilities = 1, MaximumNewTokens = 3, StopTokenIds = [] } }, Token);
        Assert.Null(stream.PromptDetails);
        int count = 0;
        await foreach (GeneratedToken _ in stream)
        {
            count++;
            Assert.Equal([4, 5, 6], stream.PromptDetails!.Select(token => token.Id));
        }

        Assert.Equal(3, count);
        Assert.Same(stream.PromptDetails, stream.Result!.PromptDetails);
        // Nothing stands before the only token, and nothing is made: that is all.
        GenerationResult one = await engine.GenerateAsync(new GenerationRequest { Prompt = new[] { 4 }, Options = new GenerationOptions { PromptLogProbabilities = 1, MaximumNewTokens = 0 } }, Token);
        Assert.Equal([new PromptToken(4).Id], one.PromptDetails!.Select(token => token.Id));
        Assert.Null(one.PromptDetails![0].LogProbability);
    }

    [Fact]
    public async Task GenerateAsync_ScoresThatAreNotNumbers_FailAlone()
    {
        var pages = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1L << 20, runner: own => new OracleRunner(own, Engines.Vocabulary) { IsNaN = token => token == 7 });
        GenerationRequest good = new() { Prompt = new[] { 1, 2, 3, 4 }, Options = new GenerationOptions { MaximumNewTokens = 0, PromptLogProbabilities = 0 } };
        Task<GenerationResult> bad = engine.GenerateAsync(good with { Prompt = new[] { 1, 7, 3, 4 } }, Token), other = engine.GenerateAsync(good, Token);
        Assert.Contains("after 2 tokens", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message, StringComparison.Ordinal);
        Assert.Equal(4, (await other).PromptDetails!.Count);
        Assert.Equal(0, engine.Statistics.UsedCacheBytes);
    }

    [Fact]
    public void Generate_WithoutAnEngine_RefusesByName()
    {
        using var model = FixtureModels.Load("llama-default");
        string message = Assert.Throws<NotSupportedException>(() => new LongContext.Generation.TextGenerator(model).Generate([1, 2], new GenerationOptions { PromptLogProbabilities = 0 })).Message;
        Assert.Contains("PromptLogProbabilities", message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>(() => new LongContext.Generation.TextGenerator(model).Generate([1, 2], new GenerationOptions { PromptLogProbabilities = -1, MaximumNewTokens = -1 })).Message;
        Assert.Contains("PromptLogProbabilities must be 0 or more, but is -1", message, StringComparison.Ordinal);
        Assert.Contains("MaximumNewTokens must be at least 0, but is -1", message, StringComparison.Ordinal);
    }

    /// <summary>Bit for bit: each beginning of the prompt is a request by itself, of whose first token all probabilities are asked.</summary>
    private static async Task CheckAsync(int?[] windows, GenerationRequest request, int alternatives, IReadOnlyList<PromptToken> found)
    {
        int[] prompt = request.Prompt.ToArray();
        Assert.Equal(prompt, found.Select(token => token.Id));
        Assert.Equal((null, null, 0), (found[0].LogProbability, found[0].Rank, found[0].Alternatives.Count));
        var pages = new OraclePages(4, windows);
        await using GenerationEngine alone = new(
            Engines.Model, new OracleRunner(pages, Engines.Vocabulary, prompt.Length), new GenerationEngineOptions { ReusesPrefixes = false, StepTokens = prompt.Length, MaximumSequences = 1 }, 1L << 40);
        for (int i = 1; i < prompt.Length; i++)
        {
            GenerationResult next = await alone.GenerateAsync(new GenerationRequest
            {
                // What is chosen from a prompt is so behind it; sinks hold within it.
                Prompt = prompt.AsMemory(0, i), Dropping = request.Dropping as AttentionSinks, Options = new GenerationOptions { MaximumNewTokens = 1, StopTokenIds = [], LogProbabilities = Engines.Vocabulary },
            });
            IReadOnlyList<TokenLogProbability> all = next.Details![0].Alternatives!;
            int place = all.ToList().FindIndex(other => other.TokenId == prompt[i]);
            Assert.Equal((all[place].LogProbability, place + 1), (found[i].LogProbability, found[i].Rank));
            Assert.Equal(all.Take(alternatives), found[i].Alternatives);
        }
    }

    private static (int, float?, int?, string) Flat(PromptToken token) => (token.Id, token.LogProbability, token.Rank, string.Join(' ', token.Alternatives));
}
