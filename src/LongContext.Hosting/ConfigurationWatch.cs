using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace LongContext.Hosting;

/// <summary>Tells a log where a configuration changes that is read once: what it says now does not count until the host starts again.</summary>
/// <param name="what">Whose configuration it is.</param>
/// <param name="section">The configuration.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ConfigurationWatch(string what, IConfiguration section, ILogger logger) : IHostedService, IDisposable
{
    private Dictionary<string, string?> known = [];
    private IDisposable? watch;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        known = Values();
        watch = ChangeToken.OnChange(section.GetReloadToken, Compare);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => watch?.Dispose();

    /// <summary>A file that is read again may say the same here, or be read twice.</summary>
    private void Compare()
    {
        Dictionary<string, string?> now = Values();
        string[] changed = [.. known.Keys.Union(now.Keys).Where(key => known.GetValueOrDefault(key) != now.GetValueOrDefault(key)).Order(StringComparer.Ordinal)];
        if (changed.Length == 0) return;
        known = now;
        LogChanged(logger, what, string.Join(", ", changed));
    }

    private Dictionary<string, string?> Values() => section.AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    [LoggerMessage(20, LogLevel.Warning, "The configuration of {What} has changed ({Keys}), which counts from the host's next start: it was read once.")]
    private static partial void LogChanged(ILogger logger, string what, string keys);
}
