namespace LongContext.Generation;

/// <summary>A token that a <see cref="GenerationEngine"/> has made.</summary>
/// <param name="Id">Its id in the vocabulary.</param>
public readonly record struct GeneratedToken(int Id)
{
    /// <summary>Natural logarithm of the probability that the model gave it; null unless <see cref="GenerationOptions.LogProbabilities"/> asks for it.</summary>
    public float? LogProbability { get; init; }

    /// <summary>The likeliest tokens at its place, likeliest first, as many as <see cref="GenerationOptions.LogProbabilities"/> asks for; null for none.</summary>
    public IReadOnlyList<TokenLogProbability>? Alternatives { get; init; }
}
