namespace LongContext.Evaluation;

/// <summary>What a model's tokens cost, in a currency of the caller's.</summary>
/// <param name="PerMillionInputTokens">For a million tokens of prompts, at least 0.</param>
/// <param name="PerMillionOutputTokens">For a million tokens of answers, at least 0.</param>
public sealed record ModelPrice(decimal PerMillionInputTokens, decimal PerMillionOutputTokens)
{
    /// <summary>The cost of some tokens.</summary>
    /// <param name="inputTokens">Tokens of prompts.</param>
    /// <param name="outputTokens">Tokens of answers.</param>
    public decimal Of(long inputTokens, long outputTokens) =>
        ((inputTokens * PerMillionInputTokens) + (outputTokens * PerMillionOutputTokens)) / 1_000_000m;
}
