namespace LongContext.Generation;

/// <summary>A request was refused because its keys and values could never fit into the engine's cache, even with no other there.</summary>
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

    /// <summary>Tokens of prompt and answer that were asked for.</summary>
    public int RequiredTokens { get; init; }

    /// <summary>Tokens of prompt and answer that would fit.</summary>
    public int MaximumTokens { get; init; }

    /// <summary>Bytes that the request would need.</summary>
    public long RequiredBytes { get; init; }

    /// <summary>Bytes that the cache may take.</summary>
    public long CapacityBytes { get; init; }
}
