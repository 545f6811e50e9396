using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LongContext.Generation;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>What engines tell listeners; other tests' engines may be at work too, so figures are at least this one's.</summary>
public sealed class GenerationMeterTests
{
    private const string Prefix = "longcontext.generation.";

    [Fact]
    public async Task Instruments_OfAnEngineAtWork_AreThoseOfTheGuide()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the repository's documents are not here");
        var published = new ConcurrentDictionary<string, string>();
        var sums = new ConcurrentDictionary<string, double>();
        var outcomes = new ConcurrentBag<object?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name != "LongContext" || !instrument.Name.StartsWith(Prefix, StringComparison.Ordinal)) return;
            published[instrument.Name] = $"{instrument.Name} {instrument.GetType().Name.Split('`')[0].ToLowerInvariant()} {instrument.Unit}";
            self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            sums.AddOrUpdate(instrument.Name[Prefix.Length..], value, (_, sum) => sum + value);
            foreach (KeyValuePair<string, object?> tag in tags) outcomes.Add(tag.Value);
        });
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name[Prefix.Length..], value, (_, sum) => sum + value));
        listener.Start();

        await using (GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 16))
            await engine.GenerateAsync(new GenerationRequest { Prompt = new[] { 1, 2, 3 }, Options = new GenerationOptions { MaximumNewTokens = 5, StopTokenIds = [] } }, TestContext.Current.CancellationToken);

        IEnumerable<string> rows = File.ReadLines(Path.Combine(TestPaths.RepositoryRoot!, "docs", "inference.md")).Where(line => line.StartsWith("| `" + Prefix, StringComparison.Ordinal))
            .Select(row => row.Split('|')).Select(cells => $"{cells[1].Trim(' ', '`')} {cells[2].Trim()} {cells[3].Trim(' ', '`')}");
        Assert.Equal(rows.Order(StringComparer.Ordinal), published.Values.Order(StringComparer.Ordinal));
        Assert.True(sums["requests"] >= 1, "no request was counted");
        Assert.True(sums["prompt.tokens"] >= 3 && sums["tokens"] >= 5, $"{sums["prompt.tokens"]} and {sums["tokens"]} tokens were counted");
        Assert.Contains("length", outcomes);
        Assert.All(["queue.duration", "first_token.duration", "request.duration"], name => Assert.True(sums.ContainsKey(name), $"{name} said nothing"));
    }

    [Fact]
    public async Task Gauges_OfAnEngineThatStoppedWithAFault_GoBackToNothing()
    {
        // Listeners are called on the thread that counts, by which this engine is told from others.
        var sums = new ConcurrentDictionary<(int Thread, string Name), long>();
        var seen = new ConcurrentDictionary<(int Thread, string Name), bool>();
        int thread = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument is UpDownCounter<long> && instrument.Name.StartsWith(Prefix, StringComparison.Ordinal)) self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) =>
        {
            (int, string) key = (Environment.CurrentManagedThreadId, instrument.Name[Prefix.Length..]);
            sums.AddOrUpdate(key, value, (_, sum) => sum + value);
            seen[key] = true;
        });
        listener.Start();
        var clock = new FailingClock();
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 20, Engines.Small with { TimeProvider = clock }, runner: pages => new OracleRunner(pages, Engines.Vocabulary)
        {
            Before = (_, _) =>
            {
                thread = Environment.CurrentManagedThreadId;
                Thread.Sleep(1);
            },
        });
        GenerationRequest request = new() { Prompt = new[] { 1, 2, 3 }, Options = new GenerationOptions { MaximumNewTokens = 10_000, StopTokenIds = [] } };
        await using IAsyncEnumerator<GeneratedToken> tokens = engine.StreamAsync(request, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        for (int i = 0; i < 8; i++) Assert.True(await tokens.MoveNextAsync());
        clock.Fails = true;
        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => engine.GenerateAsync(request, TestContext.Current.CancellationToken));
        Assert.IsType<InvalidTimeZoneException>(engine.Failure);
        Assert.True(seen.ContainsKey((thread, "running")) && seen.ContainsKey((thread, "cache.committed")));
        Assert.All(sums.Where(sum => sum.Key.Thread == thread), sum => Assert.Equal((sum.Key.Name, 0), (sum.Key.Name, sum.Value)));
        Assert.Equal((0, 0), (engine.Statistics.RunningRequests, engine.Statistics.WaitingRequests));
    }

    /// <summary>Fails on an engine's thread, once it shall.</summary>
    private sealed class FailingClock : TimeProvider
    {
        public bool Fails { get; set; }

        public override long GetTimestamp() => Fails && Thread.CurrentThread.Name == "LongContext engine" ? throw new InvalidTimeZoneException("No time.") : base.GetTimestamp();
    }
}
