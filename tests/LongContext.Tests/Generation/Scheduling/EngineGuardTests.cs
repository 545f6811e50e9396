using System.Diagnostics.Metrics;
using LongContext.Generation;
using Microsoft.Extensions.Logging;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Faults of those who only watch.</summary>
public sealed class EngineGuardTests
{
    [Fact]
    public async Task Logger_ThatThrows_EndsNothing()
    {
        var logger = new FailingLogger();
        bool fails = true;
        await using GenerationEngine engine = Engines.Make(
            new OraclePages(4, [null]), 1 << 16, Engines.Small with { Logger = logger },
            runner: pages => new OracleRunner(pages, Engines.Vocabulary) { Before = (_, _) => { if (fails) throw new InvalidDataException("Broken."); } });
        var request = new GenerationRequest { Prompt = new[] { 1, 2, 3 }, Options = new GenerationOptions { MaximumNewTokens = 5, StopTokenIds = [] } };
        InvalidDataException fault = await Assert.ThrowsAsync<InvalidDataException>(() => engine.GenerateAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal("Broken.", fault.Message);
        Assert.True(logger.Calls > 0);
        fails = false;
        Assert.Equal(5, (await engine.GenerateAsync(request, TestContext.Current.CancellationToken)).Tokens.Count);
        Assert.Null(engine.Failure);
    }

    [Fact]
    public async Task Listener_ThatThrows_EndsNothing()
    {
        using var listener = new MeterListener { InstrumentPublished = (instrument, own) => { if (instrument.Meter.Name == "LongContext") own.EnableMeasurementEvents(instrument); } };
        int threads = 0;
        listener.SetMeasurementEventCallback<long>((_, _, _, _) =>
        {
            if (Thread.CurrentThread.Name != "LongContext engine") return;
            Interlocked.Increment(ref threads);
            throw new InvalidOperationException("Deaf.");
        });
        await using GenerationEngine engine = Engines.Make(new OraclePages(4, [null]), 1 << 16);
        listener.Start();
        var request = new GenerationRequest { Prompt = new[] { 1, 2, 3 }, Options = new GenerationOptions { MaximumNewTokens = 5, StopTokenIds = [] } };
        for (int i = 0; i < 3; i++) Assert.Equal(5, (await engine.GenerateAsync(request, TestContext.Current.CancellationToken)).Tokens.Count);
        Assert.True(threads > 0);
        Assert.Null(engine.Failure);
    }

    private sealed class FailingLogger : ILogger
    {
        public int Calls { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => throw new InvalidOperationException("Full.");

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Calls++;
            throw new InvalidOperationException("Full.");
        }
    }
}
