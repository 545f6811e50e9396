namespace LongContext.Generation;

/// <summary>A token and how likely the model found it.</summary>
/// <param name="TokenId">The token's id.</param>
/// <param name="LogProbability">Natural logarithm of its probability, 0 or less; −∞ for a token that the model rules out.</param>
public readonly record struct TokenLogProbability(int TokenId, float LogProbability);
