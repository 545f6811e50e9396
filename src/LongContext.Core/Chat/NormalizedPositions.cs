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
        return TryWalk(text, normalized, positions)
            ?? TryPieces(text, normalized, positions, tokenizer)
            ?? [.. positions.Select(position => OfPrefix(text, normalized, position, tokenizer))];
    }

    /// <summary>SentencePiece's arrangement: blanks become ▁, and one ▁ is put before each piece between special tokens.</summary>
    private static int[]? TryWalk(string text, string normalized, int[] positions)
    {
        int[] found = new int[positions.Length];
        int next = 0, to = 0;
        for (int from = 0; from < text.Length;)
        {
            // What is put in belongs to what follows it: the position comes first.
            int run = RunOfBlanks(text, from), marks = RunOfBlanks(normalized, to), put = marks - run;
            if (put is not (0 or 1) || to + marks + (run == 0 ? 1 : 0) > normalized.Length) return null;
            if (run == 0 && text[from] != normalized[to + put]) return null;
            for (int end = from + Math.Max(run, 1), start = from; from < end; from++)
            {
                while (next < positions.Length && positions[next] == from) found[next++] = from == start ? to : to + put + from - start;
            }

            to += put + Math.Max(run, 1);
        }

        while (next < positions.Length) found[next++] = to;
        return to == normalized.Length ? found : null;
    }

    private static int RunOfBlanks(string text, int from)
    {
        int end = from;
        while (end < text.Length && text[end] is ' ' or Blank) end++;
        return end - from;
    }

    /// <summary>Normalizers that leave neighbours alone, such as Unicode's composition: what lies between positions, one by one.</summary>
    private static int[]? TryPieces(string text, string normalized, int[] positions, Tokenizer tokenizer)
    {
        int[] found = new int[positions.Length];
        int from = 0, to = 0;
        for (int i = 0; i <= positions.Length; i++)
        {
            int end = i < positions.Length ? positions[i] : text.Length;
            string piece = Normalize(text[from..end], tokenizer);
            if (!normalized.AsSpan(to).StartsWith(piece, StringComparison.Ordinal)) return null;
            (from, to) = (end, to + piece.Length);
            if (i < positions.Length) found[i] = to;
        }

        return to == normalized.Length ? found : null;
    }

    private static string Normalize(string text, Tokenizer tokenizer)
    {
        tokenizer.EncodeToTokens(text, out string? normalized);
        return normalized ?? text;
    }

    private static int OfPrefix(string text, string normalized, int position, Tokenizer tokenizer)
    {
        string made = Normalize(text[..position], tokenizer);
        return normalized.StartsWith(made, StringComparison.Ordinal)
            ? made.Length
            : throw new InvalidOperationException(
                $"The tokenizer normalizes the conversation's text across character {position}, where an answer begins or ends; " +
                "expected the text up to there to stay a beginning of the whole.");
    }
}
