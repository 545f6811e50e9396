using LongContext.Generation;
using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Callers who give up while a step runs that others are in, too.</summary>
public sealed class EngineCancellationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    private static GenerationRequest Long(int seed) => Request(400, 5, seed);

    private static GenerationRequest Decoding => Request(6, 300, 1);

    [Fact]
    public async Task GenerateAsync_CancelledWhileMostOfAStepIsItsOwn_EndsTheStepAndTheOtherGoesOn()
    {
        using ManualResetEventSlim entered = new(), asked = new();
        bool wasCancelled = false;
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (batch, token) =>
            {
                asked.Wait(Patience, CancellationToken.None); // else the first may be done before the second is there
                if (!IsMostlyTheSecond(batch)) return;
                entered.Set();
                wasCancelled = token.WaitHandle.WaitOne(Patience);
            },
        });
        using var source = new CancellationTokenSource();
        Task<GenerationResult> other = engine.GenerateAsync(Decoding, Ended), gone = engine.GenerateAsync(Long(2), source.Token);
        asked.Set();
        Assert.True(entered.Wait(Patience, Ended));
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal((await Engines.AloneAsync([null], Decoding)).Tokens, (await other).Tokens);
        Assert.True(wasCancelled);
        Assert.Equal((1, 1, 0), (engine.Statistics.CancelledRequests, engine.Statistics.CompletedRequests, engine.Statistics.UsedCacheBytes));
    }

    [Fact]
    public async Task GenerateAsync_CancelledInTwoStepsInARow_LosesNoMoreThanOne()
    {
        using ManualResetEventSlim first = new(), second = new(), go = new(), asked = new();
        bool lost = false, lostAgain = false;
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (batch, token) =>
            {
                asked.Wait(Patience, CancellationToken.None);
                if (!IsMostlyTheSecond(batch) || second.IsSet) return;
                if (!first.IsSet)
                {
                    first.Set();
                    lost = token.WaitHandle.WaitOne(Patience);
                }
                else
                {
                    second.Set();
                    go.Wait(Patience, CancellationToken.None);
                    lostAgain = token.IsCancellationRequested;
                }
            },
        });
        using CancellationTokenSource one = new(), two = new();
        Task<GenerationResult> other = engine.GenerateAsync(Decoding, Ended), gone = engine.GenerateAsync(Long(2), one.Token);
        asked.Set();
        Assert.True(first.Wait(Patience, Ended));
        Task<GenerationResult> next = engine.GenerateAsync(Long(3), two.Token);
        await one.CancelAsync();
        Assert.True(second.Wait(Patience, Ended));
        await two.CancelAsync();
        go.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.Equal((await Engines.AloneAsync([null], Decoding)).Tokens, (await other).Tokens);
        Assert.True(lost);
        Assert.False(lostAgain);
    }

    private static bool IsMostlyTheSecond(StepBatch batch) => batch.SequenceCount == 2 && batch.Sequences[0].TokenCount == 1 && batch.Sequences[1].TokenCount > 10;

    private static GenerationRequest Request(int length, int most, int seed)
    {
        var random = new Data.SplitMix64(seed, 6);
        return new GenerationRequest { Prompt = Engines.Prompt(ref random, length), Options = new GenerationOptions { MaximumNewTokens = most, StopTokenIds = [] } };
    }
}
