using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace LongContext.Benchmarks.Harness;

/// <summary>Warnings as lines of JSON among the figures: what ran otherwise than thought shall not be taken for what was to be measured.</summary>
internal sealed class WarningLines(TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        lock (output) output.WriteLine(JsonSerializer.Serialize(new { warning = formatter(state, exception) }));
    }
}
