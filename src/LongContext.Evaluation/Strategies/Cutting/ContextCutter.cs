using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Cuts a text at one of its parts until it fits.</summary>
internal static class ContextCutter
{
    /// <summary>Takes away as many tokens as are too many, counts again, and goes on until it fits.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="part">Where it is cut.</param>
    /// <param name="maximumTokens">The most tokens.</param>
    /// <param name="measure">Tokens of what is made of a cut text.</param>
    /// <returns>The text itself where it fits, else what is left of it; null where not even nothing fits.</returns>
    public static string? Fit(string text, Tokenizer tokenizer, TruncatedPart part, int maximumTokens, Func<string, int> measure)
    {
        int excess = measure(text) - maximumTokens;
        if (excess <= 0) return text;
        TokenPlaces places = new(tokenizer, text);
        for (int kept = places.Count; text.Length > 0;)
        {
            kept = Math.Max(0, kept - excess);
            string cut = Cut(text, places, part, kept);
            excess = measure(cut) - maximumTokens;
            if (excess <= 0) return cut;
            if (kept == 0) break;
        }

        return null;
    }

    /// <summary>A text of at most so many tokens of its own.</summary>
    public static string Fit(string text, Tokenizer tokenizer, TruncatedPart part, int maximumTokens) =>
        Fit(text, tokenizer, part, maximumTokens, cut => cut.Length == 0 ? 0 : tokenizer.CountTokens(cut)) ?? string.Empty;

    private static string Cut(string text, TokenPlaces places, TruncatedPart part, int kept)
    {
        switch (part)
        {
            case TruncatedPart.End:
                return text[..places.EndOfFirst(kept)];
            case TruncatedPart.Start:
                return text[places.StartOfLast(kept)..];
            default:
                int end = places.EndOfFirst(kept / 2);
                return string.Concat(text.AsSpan(0, end), text.AsSpan(Math.Max(end, places.StartOfLast(kept - (kept / 2)))));
        }
    }
}
