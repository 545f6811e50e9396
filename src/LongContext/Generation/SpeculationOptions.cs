namespace LongContext.Generation;

/// <summary>
/// Guesses the next tokens from the text so far and checks them in one step of the model: prompt lookup (Saxena 2023), which finds the sequence's last tokens earlier in it and guesses that it goes on
/// as it did there. Texts that copy (summaries, edits, code, extraction) gain most.
/// </summary>
/// <remarks>
/// What comes out is not changed: a guess counts only where the model, asked as it would be without it, chooses that token. For a guess that is certain, this is speculative sampling (Leviathan et al.
/// 2023, §2.3): the token drawn equals the guess x with p(x), and is otherwise drawn from p without x. Even the draws of a seed stay the same.
/// </remarks>
public sealed record SpeculationOptions
{
    /// <summary>Tokens guessed in a step, at most. Default 8.</summary>
    public int MaximumTokens { get; init; } = 8;

    /// <summary>Longest run of last tokens that is looked for. Default 4.</summary>
    public int LongestMatch { get; init; } = 4;

    /// <summary>Shortest run of last tokens that is looked for. Default 2.</summary>
    public int ShortestMatch { get; init; } = 2;

    internal IEnumerable<string> Faults()
    {
        if (MaximumTokens < 1) yield return $"Speculation.MaximumTokens must be at least 1, but is {MaximumTokens}";
        if (ShortestMatch < 1) yield return $"Speculation.ShortestMatch must be at least 1, but is {ShortestMatch}";
        if (LongestMatch < ShortestMatch) yield return $"Speculation.LongestMatch must be at least ShortestMatch ({ShortestMatch}), but is {LongestMatch}";
    }
}
