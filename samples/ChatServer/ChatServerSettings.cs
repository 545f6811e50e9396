namespace LongContext.Samples.ChatServer;

/// <summary>What the command line says.</summary>
internal sealed record ChatServerSettings
{
    public string? Model { get; init; }

    public string Address { get; init; } = "127.0.0.1";

    public int Port { get; init; }

    public string? Device { get; init; }

    public int? ContextLength { get; init; }

    public int? CacheTokens { get; init; }

    public string? Keys { get; init; }
}
