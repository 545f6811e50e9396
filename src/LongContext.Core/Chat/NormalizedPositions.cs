using Microsoft.ML.Tokenizers;

namespace LongContext.Chat;

/// <summary>Where positions of a text are found in what a tokenizer's normalizer made of it, to which the tokens' offsets refer.</summary>
internal static class NormalizedPositions
{
    private const char Blank = '▁';

    /// <param name="text">The text.</param>
    /// <param name="normalized">What became of it.</param>
    /// <param name="positions">Ascending positions in <paramref name="text"/>, from 0 to its length.</param>
    /// <param name="tokenizer">Asked for the normalized beginning of the text where the two do not run in step.</param>
    public static int[] Find(string text, string normalized, int[] positions, Tokenizer tokenizer)
    {
        if (text == normalized) return positions;
        return TryWalk(text, normalized, positions) ?? [.. positions.Select(position => OfPrefix(text, normalized, position, tokenizer))];
    }

    /// <summary>SentencePiece's arrangement: blanks become ▁, and one ▁ is put before each piece between special tokens.</summary>
    private static int[]? TryWalk(string text, string normalized, int[] positions)
    {
        int[] found = new int[positions.Length];
        int next = 0, to = 0;
        for (int from = 0; ; from++)
        {
            // What is put in belongs to what follows it.
            while (next < positions.Length && positions[next] == from) found[next++] = to;
            if (from == text.Length) return to == normalized.Length ? found : null;

            char expected = text[from] == ' ' ? Blank : text[from];
            bool inserted = to < normalized.Length && normalized[to] == Blank && (expected != Blank || PutInBeforeBlank(text, normalized, from, to));
            if (inserted) to++;
            if (to >= normalized.Length || normalized[to] != expected) return null;
            to++;
        }
    }

    /// <summary>Whether more ▁ stand in the normalized text than the run of blanks accounts for.</summary>
    private static bool PutInBeforeBlank(string text, string normalized, int from, int to)
    {
        int blanks = from, marks = to;
        while (blanks < text.Length && text[blanks] is ' ' or Blank) blanks++;
        while (marks < normalized.Length && normalized[marks] == Blank) marks++;
        return marks - to > blanks - from;
    }

    private static int OfPrefix(string text, string normalized, int position, Tokenizer tokenizer)
    {
        string prefix = text[..position];
        tokenizer.EncodeToTokens(prefix, out string? made);
        made ??= prefix;
        return normalized.StartsWith(made, StringComparison.Ordinal)
            ? made.Length
            : throw new InvalidOperationException(
                $"The tokenizer normalizes the conversation's text across character {position}, where an answer begins or ends; " +
                "expected the text up to there to stay a beginning of the whole.");
    }
}
