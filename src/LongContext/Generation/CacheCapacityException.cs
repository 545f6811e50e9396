namespace LongContext.Generation;

/// <summary>A request's keys and values do not fit into the engine's cache: it was refused because they never could, even with no other there; or, rarely, the machine had less memory left than the engine may use.</summary>
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

    /// <summary>Bytes that the cache may take.</summary>
    public long CapacityBytes { get; init; }
}
