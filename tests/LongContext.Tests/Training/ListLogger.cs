using Microsoft.Extensions.Logging;

namespace LongContext.Tests.Training;

/// <summary>Keeps what was said, with its level.</summary>
internal sealed class ListLogger : ILogger<LongContextTrainer>
{
    private readonly List<(LogLevel Level, string Text)> said = [];

    public IReadOnlyList<string> Warnings => [.. All.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text)];

    public IReadOnlyList<(LogLevel Level, string Text)> All
    {
        get
        {
            lock (said) return [.. said];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (said) said.Add((logLevel, formatter(state, exception)));
    }
}
