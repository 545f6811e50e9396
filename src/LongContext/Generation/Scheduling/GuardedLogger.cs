using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>A logger whose own faults end nothing: what an engine does must not depend on whether somebody can be told of it.</summary>
internal sealed class GuardedLogger : ILogger
{
    private readonly ILogger inner;

    private GuardedLogger(ILogger inner) => this.inner = inner;

    /// <summary>A logger, guarded; null for none.</summary>
    public static ILogger? Of(ILogger? logger) => logger is null or GuardedLogger ? logger : new GuardedLogger(logger);

    /// <inheritdoc />
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => Guarded(() => inner.BeginScope(state));

    /// <inheritdoc />
    public bool IsEnabled(LogLevel logLevel) => Guarded(() => inner.IsEnabled(logLevel));

    /// <inheritdoc />
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Guarded(() =>
    {
        inner.Log(logLevel, eventId, state, exception, formatter);
        return true;
    });

    private static T? Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
#pragma warning disable CA1031 // Whatever it is: there is nobody left to tell.
        catch (Exception)
#pragma warning restore CA1031
        {
            return default;
        }
    }
}
