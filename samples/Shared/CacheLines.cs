using System.Diagnostics;
using System.Globalization;
using LongContext.Data.Caching;

namespace LongContext.Samples.Shared;

/// <summary>A line every ten seconds while tokens are written to disk.</summary>
internal sealed class CacheLines(string title) : IProgress<TokenCacheProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch sinceLast = Stopwatch.StartNew();

    public void Report(TokenCacheProgress value)
    {
        if (value.IsWaiting) Console.WriteLine($"{title}: another process writes these tokens; waiting for it.");
        if (value.IsWaiting || sinceLast.Elapsed < Interval) return;
        sinceLast.Restart();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {value.Sequences:N0} sequences, {value.Tokens:N0} tokens"));
    }
}
