namespace LongContext.Generation;

/// <summary>A request's keys and values do not fit into the engine's cache: it was refused because they never could, even with no other there; or the machine has less memory left than the engine may use.</summary>
/// <remarks>
/// Where memory ran out under a request that had all of it, requests that need more than was there are refused at once for a while (<see cref="IsPermanent"/> is false): for 30 seconds, and each time that it turns out so again for
/// twice as long, 8 minutes at most.
/// </remarks>
public sealed class CacheCapacityException : InvalidOperationException
{
    /// <summary>Makes it.</summary>
    public CacheCapacityException()
    {
    }

    /// <summary>Makes it with a message.</summary>
    public CacheCapacityException(string message)
        : base(message)
    {
    }

    /// <summary>Makes it with a message and what caused it.</summary>
    public CacheCapacityException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the request can never fit, which the figures show; false where memory was short for the moment, and the request may be made again.</summary>
    public bool IsPermanent => RequiredTokens > 0;

    /// <summary>Tokens of prompt and answer that were asked for.</summary>
    public int RequiredTokens { get; init; }

    /// <summary>Tokens of prompt and answer that would fit.</summary>
    public int MaximumTokens { get; init; }

    /// <summary>Bytes that the request would need.</summary>
    public long RequiredBytes { get; init; }

    /// <summary>Bytes that the cache may take, or could when memory ran out.</summary>
    public long CapacityBytes { get; init; }
}
