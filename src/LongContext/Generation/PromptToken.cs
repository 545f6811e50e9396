namespace LongContext.Generation;

/// <summary>A token of a prompt, and how likely the model found it behind those before it.</summary>
/// <param name="Id">Its id in the vocabulary.</param>
public readonly record struct PromptToken(int Id)
{
    /// <summary>Natural logarithm of the probability that the model gave it, 0 or less; null for the first, before which nothing stands.</summary>
    public float? LogProbability { get; init; }

    /// <summary>Its place among all tokens by likelihood, 1 for the likeliest, the lower id first among equals; null for the first.</summary>
    public int? Rank { get; init; }

    /// <summary>The likeliest tokens at its place, likeliest first, as many as <see cref="GenerationOptions.PromptLogProbabilities"/> asks for; empty for the first.</summary>
    public IReadOnlyList<TokenLogProbability> Alternatives { get; init; } = [];
}
