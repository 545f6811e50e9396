namespace LongContext.Evaluation;

/// <summary>What a model's tokens cost, in a currency of the caller's.</summary>
/// <param name="PerMillionInputTokens">For a million tokens of prompts, at least 0.</param>
/// <param name="PerMillionOutputTokens">For a million tokens of answers, at least 0.</param>
/// <exception cref="ArgumentOutOfRangeException">A price below 0.</exception>
public sealed record ModelPrice(decimal PerMillionInputTokens, decimal PerMillionOutputTokens)
{
    /// <summary>For a million tokens of prompts, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.</exception>
    public decimal PerMillionInputTokens { get; init => field = NotNegative(value, nameof(PerMillionInputTokens)); } = NotNegative(PerMillionInputTokens, nameof(PerMillionInputTokens));

    /// <summary>For a million tokens of answers, at least 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 0.</exception>
    public decimal PerMillionOutputTokens { get; init => field = NotNegative(value, nameof(PerMillionOutputTokens)); } = NotNegative(PerMillionOutputTokens, nameof(PerMillionOutputTokens));

    /// <summary>The cost of some tokens.</summary>
    /// <param name="inputTokens">Tokens of prompts.</param>
    /// <param name="outputTokens">Tokens of answers.</param>
    public decimal Of(long inputTokens, long outputTokens) =>
        ((inputTokens * PerMillionInputTokens) + (outputTokens * PerMillionOutputTokens)) / 1_000_000m;

    private static decimal NotNegative(decimal value, string name) => value >= 0 ? value : throw new ArgumentOutOfRangeException(name, value, "Expected at least 0.");
}
