namespace LongContext.Data.Caching;

/// <summary>How a cache is built and opened. None of it changes the tokens.</summary>
public sealed class TokenCacheOptions
{
    private const long LeastShardBytes = 1 << 10;

    /// <summary>Threads that encode, at least 1. Default: the machine's processors. The files are the same for any number.</summary>
    public int Degree { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// About how many bytes of tokens a file holds, at least 1,024; a longer sequence has a file of its own. Default: 1 GiB.
    /// </summary>
    public long ShardBytes { get; init; } = 1L << 30;

    /// <summary>
    /// Whether a cache that is damaged, or whose folder holds something else, is removed and built again. Default: false, it is refused with the reason.
    /// </summary>
    public bool RebuildDamaged { get; init; }

    /// <summary>
    /// Whether opening reads all tokens and compares their checksums. Default: false: the index is checked always, tokens by
    /// <see cref="TokenCache.Verify"/> when asked.
    /// </summary>
    public bool VerifyTokens { get; init; }

    /// <summary>The clock that the report's seconds are of. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        List<string> faults = [];
        if (Degree < 1) faults.Add($"{nameof(Degree)} is {Degree}, expected at least 1");
        if (ShardBytes < LeastShardBytes) faults.Add($"{nameof(ShardBytes)} is {ShardBytes}, expected at least {LeastShardBytes}");
        if (TimeProvider is null) faults.Add($"{nameof(TimeProvider)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(TokenCacheOptions)}: {string.Join("; ", faults)}.");
    }
}
