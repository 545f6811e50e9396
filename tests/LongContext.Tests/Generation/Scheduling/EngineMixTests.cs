using LongContext.Data;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Random mixes of requests, with callers who give up.</summary>
public sealed class EngineMixTests
{
    public static TheoryData<int> Shapes => [.. Enumerable.Range(0, Engines.Shapes.Length)];

    [Theory, MemberData(nameof(Shapes))]
    public async Task GenerateAsync_TwoThousandRequestsWithCancellations_EndsWithTheCacheEmpty(int shape)
    {
        var pages = new OraclePages(4, Engines.Shapes[shape]) { InHostMemory = shape % 2 == 0 };
        OracleRunner? runner = null;
        var engine = Engines.Make(
            pages, Engines.Bytes(pages, 150), Engines.Small with { OffloadBytes = 2_000, KeptShare = 0.7 }, hashBits: 9, runner: own => runner = new OracleRunner(own, Engines.Vocabulary));
        int next = 0, right = 0, gone = 0;
        await Task.WhenAll(Enumerable.Range(0, 12).Select(worker => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= 2_000)
            {
                var random = new SplitMix64(shape, number);
                GenerationRequest request = Engines.Request(ref random, 50, 20);
                using var source = new CancellationTokenSource();
                int most = random.NextInt(2) == 0 ? random.NextInt(8) : int.MaxValue;
                bool leaves = random.NextInt(2) == 0, before = most < 2 && leaves;
                List<int> made = [];
                if (before) source.Cancel();
                StreamingGeneration stream = engine.StreamAsync(request, source.Token);
                try
                {
                    await foreach (GeneratedToken token in stream)
                    {
                        made.Add(token.Id);
                        if (made.Count < most) continue;
                        if (leaves) break;
                        await source.CancelAsync();
                    }
                }
                catch (OperationCanceledException) when (source.IsCancellationRequested)
                {
                }

                // The oracle of those that were given up is the beginning; of one in eight, to save time.
                if (stream.Result is null) Interlocked.Increment(ref gone);
                if (number % 8 != 0) continue;
                GenerationResult alone = await Engines.AloneAsync(Engines.Shapes[shape], request);
                Assert.Equal(alone.Tokens.Take(made.Count), made);
                if (stream.Result is not null) Assert.Equal(alone.Tokens, stream.Result.Tokens);
                Interlocked.Increment(ref right);
            }
        })));
        Assert.Equal(250, right);
        Assert.InRange(gone, 50, 1_000);
        GenerationEngineStatistics statistics = await QuietAsync(engine);
        Assert.Equal((0, 0, 0, 2_000), (statistics.RunningRequests, statistics.WaitingRequests, statistics.UsedCacheBytes, Total(statistics)));
        Assert.True(statistics.KeptCacheBytes > 0 && (statistics.Preemptions > 0 || !Engines.HasWhole(pages)) && statistics.AcceptedTokens > 0 && statistics.ReusedTokens > 0, $"{statistics}");
        Assert.True(pages.LargestBytes <= statistics.CacheBytes);
        Assert.Equal(!pages.InHostMemory, pages.Saves > 0 && pages.Loads > 0);
        TestContext.Current.SendDiagnosticMessage($"{shape}: {statistics}, saves {pages.Saves}, loads {pages.Loads}");
        await engine.ClearCacheAsync();
        Assert.Equal((0L, 0L), (pages.CommittedBytes, engine.Statistics.OffloadedBytes));
        await engine.DisposeAsync();
        Assert.True(pages.IsDisposed && runner!.IsDisposed);
    }

    /// <summary>Those given up before they were taken in never reach the engine.</summary>
    private static long Total(GenerationEngineStatistics statistics) =>
        statistics.CompletedRequests + statistics.CancelledRequests + statistics.FailedRequests is var all && statistics.FailedRequests == 0 && all is > 1_700 and <= 2_000 ? 2_000 : all;

    internal static async Task<GenerationEngineStatistics> QuietAsync(GenerationEngine engine)
    {
        for (int i = 0; i < 2_000; i++)
        {
            GenerationEngineStatistics statistics = engine.Statistics;
            if (statistics is { RunningRequests: 0, WaitingRequests: 0, UsedCacheBytes: 0 }) return statistics;
            await Task.Delay(5);
        }

        return engine.Statistics;
    }
}
