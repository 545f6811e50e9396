namespace LongContext.Generation;

/// <summary>
/// Guesses the next tokens and checks them in one step of the model: by prompt lookup (Saxena 2023), which finds the sequence's last tokens earlier in it and guesses that it goes on as it did there, and, where the
/// engine has one (<see cref="GenerationEngineOptions.DraftModel"/>), by a small draft model where the lookup finds nothing. Texts that copy (summaries, edits, code, extraction) gain most by the lookup.
/// </summary>
/// <remarks>
/// <para>What comes out is not changed. A looked-up guess counts only where the model, asked as it would be without it, chooses that token. For a guess that is certain, this is speculative sampling (Leviathan et al.
/// 2023, §2.3): the token drawn equals the guess x with p(x), and is otherwise drawn from p without x. Even the draws of a seed stay the same.</para>
/// <para>A draft model's guess is drawn from its own probabilities q, under the same options, and kept with probability min(1, p/q), else a token is drawn from what p has above q (Leviathan et al. 2023, algorithm 1;
/// Chen et al. 2023): tokens are distributed as without it. At temperature 0 they are the same ones; else a seed gives the same tokens again only where as many are guessed each time.</para>
/// </remarks>
public sealed record SpeculationOptions
{
    /// <summary>Whether the text so far is looked through. Default true.</summary>
    public bool UsesPromptLookup { get; init; } = true;

    /// <summary>Whether the engine's draft model guesses, where it has one and the lookup finds nothing. Default true.</summary>
    public bool UsesDraftModel { get; init; } = true;

    /// <summary>Tokens that the draft model guesses for a step, at most; 1 to 64. Default 5.</summary>
    public int MaximumDraftTokens { get; init; } = 5;

    /// <summary>Whether the draft model guesses one token fewer after a wrong guess and two more after right ones, up to the maximum. Default true.</summary>
    public bool AdaptsDraftLength { get; init; } = true;

    /// <summary>Tokens looked up for a step, at most; 1 to 256. Default 8.</summary>
    public int MaximumTokens { get; init; } = 8;

    /// <summary>Longest run of last tokens that is looked for. Default 4.</summary>
    public int LongestMatch { get; init; } = 4;

    /// <summary>Shortest run of last tokens that is looked for. Default 2.</summary>
    public int ShortestMatch { get; init; } = 2;

    internal IEnumerable<string> Faults()
    {
        if (MaximumTokens is < 1 or > 256) yield return $"Speculation.MaximumTokens must be 1 to 256, but is {MaximumTokens}";
        if (MaximumDraftTokens is < 1 or > 64) yield return $"Speculation.MaximumDraftTokens must be 1 to 64, but is {MaximumDraftTokens}";
        if (ShortestMatch < 1) yield return $"Speculation.ShortestMatch must be at least 1, but is {ShortestMatch}";
        if (LongestMatch < ShortestMatch) yield return $"Speculation.LongestMatch must be at least ShortestMatch ({ShortestMatch}), but is {LongestMatch}";
    }
}
