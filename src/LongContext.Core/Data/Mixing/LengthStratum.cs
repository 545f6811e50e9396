using System.Globalization;

namespace LongContext.Data.Mixing;

/// <summary>Sequences of similar length, and their share.</summary>
/// <param name="MinimumTokens">The shortest, in tokens; at least 1.</param>
/// <param name="BelowTokens">Longer than the longest by one token, or null where there is no longest.</param>
/// <param name="Weight">Share of the tokens, relative to the other weights; positive.</param>
public sealed record LengthStratum(int MinimumTokens, int? BelowTokens, double Weight)
{
    /// <summary>Passes before the stratum counts as ended, at least 1. Default 1.</summary>
    public long Epochs { get; init; } = 1;

    /// <summary>As reports name it: "1 to 4,095 tokens" or "at least 4,096 tokens".</summary>
    public string Name => BelowTokens is { } below
        ? string.Create(CultureInfo.InvariantCulture, $"{MinimumTokens:N0} to {below - 1:N0} tokens")
        : string.Create(CultureInfo.InvariantCulture, $"at least {MinimumTokens:N0} tokens");

    /// <summary>Whether a length belongs to it.</summary>
    /// <param name="tokens">The length.</param>
    public bool Contains(int tokens) => tokens >= MinimumTokens && !(tokens >= BelowTokens);
}
