namespace LongContext.Data.Caching;

/// <summary>What is in a cache, and what building it took.</summary>
public sealed record TokenCacheReport
{
    /// <summary>Sequences.</summary>
    public long Sequences { get; init; }

    /// <summary>Tokens in them.</summary>
    public long Tokens { get; init; }

    /// <summary>Items for which the encoder gave nothing.</summary>
    public long Skipped { get; init; }

    /// <summary>Files of tokens.</summary>
    public int Shards { get; init; }

    /// <summary>Bytes of these files.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether it was built by this call; false where it was there, or another process built it meanwhile.</summary>
    public bool WasBuilt { get; init; }

    /// <summary>How long the call took, waiting for another process included.</summary>
    public TimeSpan Elapsed { get; init; }
}
