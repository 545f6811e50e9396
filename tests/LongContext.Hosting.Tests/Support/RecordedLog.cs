using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace LongContext.Hosting.Support;

/// <summary>Keeps what a host logs as a warning or worse, or from another level on.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    public ConcurrentQueue<(LogLevel Level, string Message)> Entries { get; } = [];

    public LogLevel Least { get; init; } = LogLevel.Warning;

    public IEnumerable<string> Errors => Entries.Where(entry => entry.Level >= LogLevel.Error).Select(entry => entry.Message);

    public ILogger CreateLogger(string categoryName) => new Writer(this);

    public void Dispose()
    {
    }

    private sealed class Writer(RecordedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) log.Entries.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
        }
    }
}
