using LongContext.Generation;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>How many log-probabilities of likeliest tokens one request, and all together, may have kept.</summary>
public sealed class EngineLogProbabilityTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(10, null, 4, true)]
    [InlineData(10, null, 5, false)]
    [InlineData(10, 1, 3, true)]
    [InlineData(11, 1, 3, false)]
    [InlineData(1_000_000_000, null, 0, true)]
    [InlineData(2, 5, null, true)]
    public async Task StreamAsync_AlternativesOfTheAnswer_AreBounded(int answer, int? ofPrompt, int? ofAnswer, bool fits)
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [8]), 1L << 20, Engines.Small with { MaximumLogProbabilities = 40 });
        GenerationRequest request = new() { Prompt = new[] { 1, 2, 3, 4, 5, 6, 7, 8 }, Options = new GenerationOptions { MaximumNewTokens = answer, PromptLogProbabilities = ofPrompt, LogProbabilities = ofAnswer } };
        if (fits)
        {
            engine.StreamAsync(request);
            return;
        }

        string message = Assert.Throws<ArgumentException>(() => engine.StreamAsync(request)).Message;
        Assert.Contains($"GenerationOptions.LogProbabilities asks for {ofAnswer} tokens at each of up to {answer} places of the answer", message, StringComparison.Ordinal);
        Assert.Contains("expected at most 40 in all (GenerationEngineOptions.MaximumLogProbabilities)", message, StringComparison.Ordinal);
        Assert.Equal(ofPrompt is not null, message.Contains("PromptLogProbabilities asks for 1 tokens at each of 8 places", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StreamAsync_EndlessAnswerWithAlternatives_IsRefusedByDefault()
    {
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [8]), 1L << 20);
        GenerationRequest request = new() { Prompt = new[] { 1 }, Options = new GenerationOptions { MaximumNewTokens = 1_000_000_000, LogProbabilities = 1 } };
        Assert.Throws<ArgumentException>(() => engine.StreamAsync(request));
        engine.StreamAsync(request with { Options = request.Options with { LogProbabilities = 0 } });
        // No place has more of them than the vocabulary has tokens.
        engine.StreamAsync(request with { Options = request.Options with { LogProbabilities = int.MaxValue, MaximumNewTokens = (1 << 24) / Engines.Vocabulary } });
    }

    [Fact]
    public async Task GenerateAsync_AlternativesOfRequestsTogether_AreBoundedUntilTheyEnd()
    {
        using var go = new ManualResetEventSlim();
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null]), 1 << 14, Engines.Small with { MaximumSequences = 1, MaximumLogProbabilities = 60, MaximumLogProbabilitiesTogether = 100 },
            runner: pages => new OracleRunner(pages, Engines.Vocabulary) { Before = (_, _) => go.Wait(TimeSpan.FromSeconds(30), CancellationToken.None) });
        GenerationRequest request = new() { Prompt = new[] { 1, 2 }, Options = new GenerationOptions { MaximumNewTokens = 10, LogProbabilities = 5, StopTokenIds = [] } };
        Task<GenerationResult> running = engine.GenerateAsync(request, Ended);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        Task<GenerationResult> waiting = engine.GenerateAsync(request, patience.Token);
        GenerationRequest small = request with { Options = request.Options with { MaximumNewTokens = 1, LogProbabilities = 1 } };
        string message = (await Assert.ThrowsAsync<GenerationQueueFullException>(() => engine.GenerateAsync(small, Ended))).Message;
        Assert.Contains("1 log-probabilities of likeliest tokens are asked for, and requests before this one may come to 100, expected at most 100 together (GenerationEngineOptions.MaximumLogProbabilitiesTogether)", message, StringComparison.Ordinal);
        // Those that ask for none are taken.
        Task<GenerationResult> plain = engine.GenerateAsync(small with { Options = small.Options with { LogProbabilities = null } }, Ended);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        go.Set();
        Assert.Equal(50, (await running).Details!.Sum(token => token.Alternatives!.Count));
        Assert.Single((await plain).Tokens);
        // What came to its end, or was given up, is counted no more.
        await Task.WhenAll(engine.GenerateAsync(request, Ended), engine.GenerateAsync(request, Ended));
    }
}
