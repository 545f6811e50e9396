namespace LongContext.Tokenization;

/// <summary>
/// Middle truncation: of a text that is too long, the first and the last tokens are kept, since instructions stand at the beginning and questions at the end. Half and half, as LongBench does it, unless
/// told otherwise.
/// </summary>
/// <remarks>
/// Bai et al. 2024, LongBench (arXiv:2308.14508), §4.1. Its script keeps ⌊maximum / 2⌋ at either end; here the odd token, which it loses, is kept at the end. Tokens of the protected start and end count
/// in <see cref="MaximumTokens"/>, and so does the marker. Tokens are cut and not characters: a character that is spelled by several tokens can be cut in two.
/// </remarks>
public sealed record TokenTruncation
{
    /// <summary>Tokens of the text that comes out, at most. A text that has no more stays as it is. Required.</summary>
    public required int MaximumTokens { get; init; }

    /// <summary>Share of the kept tokens that stand at the beginning, the protected ones not counted; in [0, 1]. Rounded down to whole tokens; the rest stand at the end. Default 0.5.</summary>
    public double StartShare { get; init; } = 0.5;

    /// <summary>Tokens at the beginning that are kept whatever comes, such as those of a system message. Default 0.</summary>
    public int ProtectedStart { get; init; }

    /// <summary>Tokens at the end that are kept whatever comes, such as those by which a chat template lets the answer begin. Default 0.</summary>
    public int ProtectedEnd { get; init; }

    /// <summary>Token ids that stand where something was taken out. Default: none.</summary>
    public IReadOnlyList<int> Marker { get; init; } = [];

    /// <summary>What is taken out of a text.</summary>
    /// <param name="count">Tokens of the text, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    /// <exception cref="ArgumentException">A property cannot be used; the message lists all faults.</exception>
    public TokenCut Cut(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Validate();
        if (count <= MaximumTokens) return new TokenCut(count, 0);
        int room = MaximumTokens - ProtectedStart - ProtectedEnd - Marker.Count;
        // Shares such as 0.29 of 100 are a hair under what they mean.
        int first = ProtectedStart + Math.Min(room, (int)Math.Floor((room * StartShare) + 1e-9)), last = MaximumTokens - Marker.Count - first;
        return new TokenCut(first, count - first - last);
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="tokens">Its token ids.</param>
    /// <returns>The ids that are kept, with the marker between them where something was taken out; in memory of its own.</returns>
    /// <exception cref="ArgumentException">A property cannot be used; the message lists all faults.</exception>
    public int[] Apply(ReadOnlySpan<int> tokens) => Apply(tokens, out _);

    /// <summary>Cuts a text, and tells what was taken out.</summary>
    /// <param name="tokens">Its token ids.</param>
    /// <param name="cut">What was taken out.</param>
    /// <returns>The ids that are kept, with the marker between them where something was taken out; in memory of its own.</returns>
    /// <exception cref="ArgumentException">A property cannot be used; the message lists all faults.</exception>
    public int[] Apply(ReadOnlySpan<int> tokens, out TokenCut cut)
    {
        cut = Cut(tokens.Length);
        return cut.Count == 0 ? tokens.ToArray() : [.. tokens[..cut.Start], .. Marker, .. tokens[cut.End..]];
    }

    /// <exception cref="ArgumentException">A property cannot be used; the message lists all faults.</exception>
    internal void Validate()
    {
        List<string> faults = [.. Faults()];
        if (faults.Count > 0) throw new ArgumentException("TokenTruncation: " + string.Join("; ", faults) + ".");
    }

    internal IEnumerable<string> Faults()
    {
        if (MaximumTokens < 1) yield return $"MaximumTokens must be at least 1, but is {MaximumTokens}";
        if (!(StartShare is >= 0 and <= 1)) yield return $"StartShare must be in [0, 1], but is {StartShare}";
        if (ProtectedStart < 0) yield return $"ProtectedStart must be 0 or more, but is {ProtectedStart}";
        if (ProtectedEnd < 0) yield return $"ProtectedEnd must be 0 or more, but is {ProtectedEnd}";
        if (Marker is null) yield return "Marker is null";
        else if ((long)ProtectedStart + ProtectedEnd + Marker.Count > MaximumTokens)
            yield return $"ProtectedStart ({ProtectedStart}), ProtectedEnd ({ProtectedEnd}) and Marker ({Marker.Count}) are more together than MaximumTokens ({MaximumTokens})";
    }
}
