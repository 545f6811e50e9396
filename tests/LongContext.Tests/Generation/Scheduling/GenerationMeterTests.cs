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
}
