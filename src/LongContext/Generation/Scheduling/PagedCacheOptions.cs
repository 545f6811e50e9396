using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>Settings of a <see cref="PagedCache"/>.</summary>
internal sealed record PagedCacheOptions
{
    public required long BudgetBytes { get; init; }

    /// <summary>Whether full pages are kept for other requests.</summary>
    public bool Keeps { get; init; } = true;

    /// <summary>Share of the budget that kept pages may take.</summary>
    public double KeptShare { get; init; } = 1;

    /// <summary>Host memory for kept pages.</summary>
    public long OffloadBytes { get; init; }

    /// <summary>Bits of the hashes by which blocks are found: fewer in tests, so that they collide.</summary>
    public int HashBits { get; init; } = 64;

    public ILogger? Logger { get; init; }
}
