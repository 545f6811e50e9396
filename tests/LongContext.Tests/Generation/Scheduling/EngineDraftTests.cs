using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;
using LongContext.Models.Families;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class EngineDraftTests
{
    private static SpeculationOptions DraftAlone { get; } = new() { UsesPromptLookup = false };

    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public async Task GenerateAsync_DraftAsGoodAsTheModel_IsRightEachTimeAndTakesFewerSteps(double temperature)
    {
        var pages = new OraclePages(4, [null]);
        var draft = new OraclePages(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, draft: new OracleRunner(draft, Engines.Vocabulary));
        var request = new GenerationRequest
        {
            Prompt = Enumerable.Range(0, 33).ToArray(),
            Options = new GenerationOptions { MaximumNewTokens = 61, Temperature = temperature, Seed = 4, StopTokenIds = [], Speculation = DraftAlone with { MaximumDraftTokens = 5 } },
        };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        // p = q, so that every guess is kept: the prompt in two steps, then 60 tokens by six.
        Assert.Equal((61, 50, 50, 50, 50), (result.Tokens.Count, result.GuessedTokens, result.AcceptedTokens, result.DraftedTokens, result.AcceptedDraftTokens));
        Assert.Equal(12, engine.Statistics.Steps);
        if (temperature == 0) Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        GenerationEngineStatistics statistics = await EngineMixTests.QuietAsync(engine);
        Assert.Equal((0, 50, 50), (statistics.UsedCacheBytes, statistics.DraftedTokens, statistics.AcceptedDraftTokens));
        await engine.ClearCacheAsync();
        Assert.Equal((0, 0), (pages.CommittedBytes, draft.CommittedBytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task GenerateAsync_GreedyMixWithCancellationsInLittleMemory_GivesWhatEachGivesAloneAndLeavesBothCachesEmpty(int shape)
    {
        OraclePages pages = new(4, Engines.Shapes[shape]), draft = new(8, [null, 6]);
        await using GenerationEngine engine = Engines.Make(pages, Engines.Bytes(pages, 260), hashBits: 9, draft: new OracleRunner(draft, Engines.Vocabulary));
        int next = 0, completed = 0;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(worker => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= 400)
            {
                var random = new SplitMix64(shape + 40, number);
                GenerationRequest request = Engines.Request(ref random, 50, 25);
                var speculation = new SpeculationOptions { UsesPromptLookup = random.NextInt(2) == 0, UsesDraftModel = random.NextInt(4) > 0, MaximumDraftTokens = 1 + random.NextInt(6), AdaptsDraftLength = random.NextInt(2) == 0 };
                request = request with
                {
                    Options = new GenerationOptions { MaximumNewTokens = request.Options.MaximumNewTokens, Speculation = random.NextInt(5) == 0 ? null : speculation },
                    Dropping = random.NextInt(4) switch { 0 => new AttentionSinks { Sinks = 3, Window = 11 }, 1 => new PromptSelection { MaximumTokens = 9, ObservedTokens = 2 }, _ => null },
                };
                int most = random.NextInt(3) == 0 ? random.NextInt(8) : int.MaxValue;
                List<int> made = [];
                StreamingGeneration stream = engine.StreamAsync(request);
                await foreach (GeneratedToken token in stream)
                {
                    made.Add(token.Id);
                    if (made.Count >= most) break;
                }

                GenerationResult alone = await Engines.AloneAsync(Engines.Shapes[shape], request);
                Assert.Equal(alone.Tokens.Take(made.Count), made);
                if (stream.Result is null) continue;
                Assert.Equal(alone.Tokens, stream.Result.Tokens);
                Interlocked.Increment(ref completed);
            }
        })));
        GenerationEngineStatistics statistics = await EngineMixTests.QuietAsync(engine);
        TestContext.Current.SendDiagnosticMessage($"{shape}: {statistics}");
        Assert.True(completed > 200 && statistics.AcceptedDraftTokens > 300 && statistics.AcceptedTokens > statistics.AcceptedDraftTokens && statistics.DraftedTokens > statistics.AcceptedDraftTokens, $"{completed} {statistics}");
        Assert.Equal((0, 0, 0), (statistics.RunningRequests, statistics.WaitingRequests, statistics.UsedCacheBytes));
        await engine.ClearCacheAsync();
        Assert.Equal((0, 0), (pages.CommittedBytes, draft.CommittedBytes));
    }

    [Fact]
    public async Task GenerateAsync_PenaltiesBiasAndMinimum_HoldForGuessesToo()
    {
        var random = new SplitMix64(8, 8);
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, draft: new OracleRunner(draft, Engines.Vocabulary)), plain = Engines.Make(new OraclePages(4, [null]), 1 << 16);
        long accepted = 0;
        for (int i = 0; i < 40; i++)
        {
            GenerationOptions Options(SpeculationOptions? speculation) => new()
            {
                MaximumNewTokens = 40, MinimumNewTokens = i % 3 == 0 ? 30 : 0, Speculation = speculation, StopTokenIds = [3, 39],
                RepetitionPenalty = i % 2 == 0 ? 1.4 : 1, FrequencyPenalty = i % 5 == 0 ? 1.5 : 0, PresencePenalty = i % 7 == 0 ? 1 : 0, NoRepeatNGramSize = i % 4 == 0 ? 2 : null,
                LogitBias = new Dictionary<int, double> { [5] = -100, [9] = 3 }, BadWordIds = [[3, 2], [10]], LogProbabilities = i % 6 == 0 ? 2 : null,
            };
            int[] prompt = Engines.Prompt(ref random, 20);
            GenerationResult expected = await plain.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = Options(null) });
            GenerationResult actual = await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = Options(DraftAlone) });
            Assert.Equal(expected.Tokens, actual.Tokens);
            Assert.Equal(expected.FinishReason, actual.FinishReason);
            Assert.Equal(expected.Details?.Select(token => token.LogProbability), actual.Details?.Select(token => token.LogProbability));
            accepted += actual.AcceptedDraftTokens;
            // The draft is the model, so that whoever knows of penalties what the model's own choice does is always right.
            Assert.True(actual.AcceptedDraftTokens >= actual.DraftedTokens - 6, $"{i}: {actual.AcceptedDraftTokens} of {actual.DraftedTokens}");
        }

        Assert.True(accepted > 400, $"{accepted}");
    }

    [Fact]
    public async Task GenerateAsync_NoMemoryForTheDraft_GoesOnWithoutIt()
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]) { LimitBytes = 4 * 4 * 16 };
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, draft: new OracleRunner(draft, Engines.Vocabulary));
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 33).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], Speculation = DraftAlone } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        Assert.Equal(0, result.DraftedTokens);
    }

    /// <summary>Once it is known that a text's draft can never fit, nothing is computed for it any more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GenerateAsync_DraftThatCanNeverFit_IsGivenUp(bool reuses)
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]) { LimitBytes = 8 * 4 * 16 };
        var runner = new OracleRunner(draft, Engines.Vocabulary);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, Engines.Small with { ReusesPrefixes = reuses }, draft: runner);
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 33).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 60, StopTokenIds = [], Speculation = new SpeculationOptions() } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        Assert.Equal(0, result.DraftedTokens);
        // Guesses from the text itself go on.
        Assert.True(result.GuessedTokens > 0);
        Assert.InRange(runner.Tokens, 0, 33);
        Assert.Equal(0, (await EngineMixTests.QuietAsync(engine)).UsedCacheBytes);
        // Others, which fit, have theirs.
        GenerationResult small = await engine.GenerateAsync(
            new GenerationRequest { Prompt = new[] { 1, 2, 3 }, Options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [], Speculation = DraftAlone with { MaximumDraftTokens = 3 } } }, TestContext.Current.CancellationToken);
        Assert.True(small.AcceptedDraftTokens > 0);
    }

    /// <summary>Somebody else computes with the draft model, for however long: answers come without it.</summary>
    [Fact]
    public async Task GenerateAsync_DraftModelIsInUse_DoesNotWaitForIt()
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        var gate = new ModelGate();
        var other = new EngineModel(Engines.Vocabulary) { Gate = gate };
        await using var engine = new GenerationEngine(Engines.Model, new OracleRunner(pages, Engines.Vocabulary), Engines.Small, 1 << 16, draft: (other, new OracleRunner(draft, Engines.Vocabulary)));
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 20).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], Speculation = DraftAlone } };
        IDisposable pass = await gate.EnterAsync(TestContext.Current.CancellationToken);
        try
        {
            GenerationResult without = await engine.GenerateAsync(request, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
            Assert.Equal((40, 0), (without.Tokens.Count, without.DraftedTokens));
        }
        finally
        {
            pass.Dispose();
        }

        Assert.True((await engine.GenerateAsync(request, TestContext.Current.CancellationToken)).AcceptedDraftTokens > 0);
        // It was given back each time.
        (await gate.EnterAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).Dispose();
    }

    [Fact]
    public async Task GenerateAsync_DraftThatFails_GoesOnWithoutIt()
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        int left = 5;
        var runner = new OracleRunner(draft, Engines.Vocabulary) { Before = (_, _) => { if (--left < 0) throw new InvalidDataException("Broken."); } };
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, draft: runner);
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 20).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], Speculation = DraftAlone } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        Assert.Equal(-1, left);
        Assert.Equal(0, (await EngineMixTests.QuietAsync(engine)).UsedCacheBytes);
        // It keeps nothing for others either, and is not tried again.
        Assert.Equal(0, draft.CommittedBytes);
        Assert.Equal(0, (await engine.GenerateAsync(request, TestContext.Current.CancellationToken)).DraftedTokens);
    }

    [Fact]
    public async Task GenerateAsync_DraftThatHasNoMemoryOnce_IsTriedAgainLater()
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        int steps = 0;
        var runner = new OracleRunner(draft, Engines.Vocabulary) { Before = (_, _) => { if (++steps == 6) throw new InsufficientMemoryException(); } };
        await using GenerationEngine engine = Engines.Make(pages, 1 << 16, draft: runner);
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 20).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], Speculation = DraftAlone } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        Assert.Equal((6, 0), (steps, draft.CommittedBytes));
        await EngineMixTests.QuietAsync(engine);
        GenerationResult later = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(result.Tokens, later.Tokens);
        Assert.True(later.AcceptedDraftTokens > 20, $"{later.AcceptedDraftTokens} guesses were right");
    }

    [Fact]
    public async Task GenerateAsync_DraftFarOnInALongText_IsComputedInPiecesOfAsMuchWork()
    {
        ModelConfig config = new() { ModelType = "llama", VocabularySize = 100, HiddenSize = 64, IntermediateSize = 64, LayerCount = 64, HeadCount = 64, KeyValueHeadCount = 1, HeadDimension = 128 };
        var work = new StepWork(ModelFamily.ReadShape(config), onGpu: false);
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        int largest = 0, smallest = int.MaxValue;
        double most = 0;
        var runner = new OracleRunner(draft, Engines.Vocabulary)
        {
            Before = (batch, _) =>
            {
                StepSequence sequence = batch.Sequences[0];
                if (sequence.TokenCount <= 16) return;
                (largest, smallest) = (Math.Max(largest, sequence.TokenCount), Math.Min(smallest, sequence.TokenCount));
                most = Math.Max(most, work.Of(sequence.CachedTokens, sequence.TokenCount));
            },
        };
        await using var engine = new GenerationEngine(
            Engines.Model, new OracleRunner(pages, Engines.Vocabulary), Engines.Small with { StepTokens = 64 }, 1 << 20, draft: (new EngineModel(Engines.Vocabulary) { Work = work }, runner));
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 500).Select(i => i * 7 % 39).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 60, StopTokenIds = [], Speculation = DraftAlone } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
        Assert.True(result.AcceptedDraftTokens > 0);
        Assert.True(work.Of(440, 60) > 1.5 * work.Limit(64), "the text is too short for this test");
        Assert.True(largest == 64 && smallest < 50 && most <= work.Limit(64), $"{smallest} to {largest} tokens, {most} of {work.Limit(64)} operations");
    }

    [Fact]
    public async Task Dispose_WhileTheDraftModelComputes_EndsItsStep()
    {
        using var entered = new ManualResetEventSlim();
        bool wasCancelled = false;
        var runner = new OracleRunner(new OraclePages(4, [null]), Engines.Vocabulary)
        {
            Before = (_, token) =>
            {
                entered.Set();
                wasCancelled = token.WaitHandle.WaitOne(TimeSpan.FromSeconds(30));
            },
        };
        GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 16, draft: runner);
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 20).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], Speculation = DraftAlone } };
        Task<GenerationResult> task = engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.True(entered.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await engine.DisposeAsync();
        Assert.True(wasCancelled);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => task);
    }

    /// <summary>A step has rows of scores for so many tokens: more guesses would be made for nothing, and their probabilities and scores are in no plan.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GenerateAsync_ManyGuessesAtOnce_AreNoMoreThanThereAreRowsFor(bool drafts)
    {
        GenerationEngineOptions options = Engines.Small with { StepTokens = 256, MaximumSequences = 2 };
        int most = 0, rows = StepMemory.ScoreRowsOf(options);
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null]), 1 << 18, options, draft: new OracleRunner(new OraclePages(4, [null]), Engines.Vocabulary, 256),
            runner: own => new OracleRunner(own, Engines.Vocabulary, 256) { Before = (batch, _) => most = Math.Max(most, batch.LogitCount) });
        SpeculationOptions speculation = drafts ? DraftAlone with { MaximumDraftTokens = 64, AdaptsDraftLength = false } : new SpeculationOptions { UsesDraftModel = false, MaximumTokens = 100 };
        GenerationRequest[] requests = [.. Enumerable.Range(0, 2).Select(i => new GenerationRequest
        {
            Prompt = Enumerable.Range(0, 200).Select(j => (j + i) % 20).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 200, Temperature = 0.9, Seed = i, StopTokenIds = [], Speculation = speculation },
        })];
        await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, TestContext.Current.CancellationToken)));
        Assert.InRange(most, rows - 2, rows);
        Assert.True(engine.Statistics.GuessedTokens > 100);
    }

    /// <summary>A draft that could be held by itself, but not beside another, waits for it instead of being computed again and again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GenerateAsync_DraftsThatFitOneByOneOnly_AreNotComputedAgainAndAgain(bool reuses)
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]) { LimitBytes = 60 * 4 * 16 };
        var runner = new OracleRunner(draft, Engines.Vocabulary);
        await using GenerationEngine engine = Engines.Make(pages, 1 << 17, Engines.Small with { ReusesPrefixes = reuses }, draft: runner);
        var random = new SplitMix64(3);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(_ => new GenerationRequest
        {
            Prompt = Engines.Prompt(ref random, 60), Options = new GenerationOptions { MaximumNewTokens = 150, StopTokenIds = [], Speculation = DraftAlone with { MaximumDraftTokens = 2, AdaptsDraftLength = false } },
        })];
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, TestContext.Current.CancellationToken)));
        for (int i = 0; i < requests.Length; i++) Assert.Equal((await Engines.AloneAsync([null], requests[i])).Tokens, results[i].Tokens);
        TestContext.Current.SendDiagnosticMessage($"reuses {reuses}: {runner.Tokens} tokens of drafts, {engine.Statistics}");
        Assert.True(results.Sum(result => result.AcceptedDraftTokens) > 20);
        // Each text (210 tokens) once, and some of what had to be given up; before drafts waited, 3,300.
        Assert.True(runner.Tokens is > 210 and < 1_600, $"{runner.Tokens} tokens of drafts");
        Assert.Equal(0, (await EngineMixTests.QuietAsync(engine)).UsedCacheBytes);
    }

    /// <summary>A text with a token that the draft has never heard of is not guessed; it would read beyond its embedding.</summary>
    [Fact]
    public async Task GenerateAsync_TokensBeyondTheDraftsVocabulary_AreNeverShownToIt()
    {
        OraclePages pages = new(4, [null]), draft = new(4, [null]);
        const int known = 30;
        int shown = 0;
        var runner = new OracleRunner(draft, known) { Before = (batch, _) => { foreach (int token in batch.Tokens) shown = Math.Max(shown, token); } };
        await using var engine = new GenerationEngine(Engines.Model, new OracleRunner(pages, Engines.Vocabulary), Engines.Small, 1 << 16, draft: (new EngineModel(known), runner));
        var random = new SplitMix64(5);
        long guessed = 0;
        for (int i = 0; i < 20; i++)
        {
            var request = new GenerationRequest { Prompt = Engines.Prompt(ref random, 25).Select(token => token % known).ToArray(), Options = new GenerationOptions { MaximumNewTokens = 30, StopTokenIds = [], Speculation = DraftAlone } };
            GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((await Engines.AloneAsync([null], request)).Tokens, result.Tokens);
            guessed += result.DraftedTokens;
        }

        GenerationResult without = await engine.GenerateAsync(
            new GenerationRequest { Prompt = new[] { 1, 2, 35, 4 }, Options = new GenerationOptions { MaximumNewTokens = 20, StopTokenIds = [], Speculation = DraftAlone } }, TestContext.Current.CancellationToken);
        Assert.Equal(0, without.DraftedTokens);
        Assert.True(guessed > 20 && shown is > 20 and < known, $"{guessed} guesses, tokens up to {shown}");
    }

    /// <summary>
    /// The first three tokens of answers of six over many seeds, against the model's own probabilities: they come of kept guesses, of what is drawn in place of one, and of what follows the last.
    /// The bound is that of chi-square at 1 in 10,000 (Wilson and Hilferty 1931); of the draws of kept guesses alone, or residuals from p, it is exceeded many times over.
    /// </summary>
    [Theory]
    [InlineData(1, 1, null, 5)]
    [InlineData(1, 3, null, 5)]
    [InlineData(0.6, 3, null, 5)]
    [InlineData(1.3, 2, 3, 5)]
    [InlineData(1, 3, null, 4)]
    [InlineData(1, 3, null, 7)]
    public async Task GenerateAsync_DrawnWithAnotherModelsGuesses_IsDistributedAsTheModel(double temperature, int guesses, int? topK, int draftVocabulary)
    {
        const int vocabulary = 5, samples = 12_000;
        TableRunner model = new(vocabulary, 1), draft = new(draftVocabulary, 2);
        await using var engine = new GenerationEngine(
            new EngineModel(vocabulary), model, new GenerationEngineOptions { StepTokens = 256, MaximumSequences = 64, ReusesPrefixes = false }, 1 << 20, draft: (new EngineModel(draftVocabulary), draft));
        var counts = new int[vocabulary * vocabulary * vocabulary];
        var results = new GenerationResult[samples];
        await Parallel.ForEachAsync(Enumerable.Range(0, samples), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (seed, token) => results[seed] = await engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = new[] { 2 },
                Options = new GenerationOptions { MaximumNewTokens = 6, Temperature = temperature, TopK = topK, Seed = seed, StopTokenIds = [], Speculation = DraftAlone with { MaximumDraftTokens = guesses, AdaptsDraftLength = false } },
            }, token));
        foreach (GenerationResult result in results) counts[(((result.Tokens[0] * vocabulary) + result.Tokens[1]) * vocabulary) + result.Tokens[2]]++;
        double statistic = 0;
        int degrees = -1;
        for (int i = 0; i < counts.Length; i++)
        {
            int a = i / (vocabulary * vocabulary), b = i / vocabulary % vocabulary, c = i % vocabulary;
            double expected = samples * model.Probability(2, a, temperature, topK) * model.Probability(a, b, temperature, topK) * model.Probability(b, c, temperature, topK);
            if (expected == 0) Assert.Equal(0, counts[i]);
            if (expected == 0) continue;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            degrees++;
        }

        double accepted = (double)engine.Statistics.AcceptedDraftTokens / engine.Statistics.DraftedTokens;
        double root = 1 - (2.0 / (9 * degrees)) + (3.72 * Math.Sqrt(2.0 / (9 * degrees))), bound = degrees * root * root * root;
        TestContext.Current.SendDiagnosticMessage($"temperature {temperature}, {guesses} guesses: chi-square {statistic:F1} of {bound:F1} at {degrees} degrees; {accepted:P1} accepted");
        Assert.InRange(accepted, 0.2, 0.95);
        Assert.True(statistic < bound, $"{statistic:F1}, allowed {bound:F1} at {degrees} degrees");
    }
}
