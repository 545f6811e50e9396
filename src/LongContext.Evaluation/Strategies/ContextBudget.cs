using System.Globalization;

namespace LongContext.Evaluation.Strategies;

/// <summary>
/// How much of a context a strategy may keep, counted by the tokenizer of the model that is asked: strategies with the same budget are compared on equal
/// terms. Whatever the budget, the prompt is kept within the model's window where that is known.
/// </summary>
public sealed record ContextBudget
{
    private ContextBudget(int? tokens, double? share)
    {
        Tokens = tokens;
        Share = share;
    }

    /// <summary>As much as fits into the model beside the question and the answer.</summary>
    public static ContextBudget Window { get; } = new(null, null);

    /// <summary>The tokens of the context at most, or null.</summary>
    public int? Tokens { get; }

    /// <summary>The share of the context's tokens at most, or null.</summary>
    public double? Share { get; }

    /// <summary>A number of tokens.</summary>
    /// <param name="tokens">The most tokens that the context may have, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1.</exception>
    public static ContextBudget OfTokens(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        return new(tokens, null);
    }

    /// <summary>A share of each context's tokens, rounded down, but at least one token.</summary>
    /// <param name="share">Above 0, at most 1: a quarter is a compression of 4 times.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside that range.</exception>
    public static ContextBudget OfShare(double share)
    {
        if (!(share is > 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(share), share, "Expected a share above 0 and at most 1.");
        return new(null, share);
    }

    /// <summary>Such as "4096 tokens", "25% of tokens" or "window".</summary>
    public override string ToString() =>
        Tokens is { } tokens ? string.Create(CultureInfo.InvariantCulture, $"{tokens} tokens")
        : Share is { } share ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##########}% of tokens")
        : "window";

    /// <summary>The most tokens of a context that has so many, or null where only the window counts.</summary>
    internal int? Of(int contextTokens) => Tokens ?? (Share is { } share ? Math.Max(1, (int)(contextTokens * (decimal)share)) : null); // in decimals 0.29 of 100 are 29
}
