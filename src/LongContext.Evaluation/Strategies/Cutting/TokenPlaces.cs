using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Where a text's tokens begin in it, so that it can be cut between two of them and stay as it was written.</summary>
internal sealed class TokenPlaces
{
    private readonly string text;
    private readonly Tokenizer tokenizer;
    private readonly int[]? starts;

    public TokenPlaces(Tokenizer tokenizer, string text)
    {
        this.text = text;
        this.tokenizer = tokenizer;
        IReadOnlyList<EncodedToken> tokens = TokenText.EncodeBare(tokenizer, text, out string? normalized);
        Count = tokens.Count;
        Ids = [.. tokens.Select(token => token.Id)];
        if (Shift(text, normalized) is not { } shift) return;
        starts = new int[tokens.Count];
        int last = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            // Parts of one character may share a place.
            last = Math.Clamp(tokens[i].Offset.Start.GetOffset(text.Length + 1) - shift, last, text.Length);
            starts[i] = last;
        }
    }

    public int Count { get; }

    /// <summary>The tokens.</summary>
    public int[] Ids { get; }

    /// <summary>Where each token begins, or null where the tokenizer changes the text so that nobody knows.</summary>
    public int[]? Starts => starts;

    /// <summary>Where the first tokens end: at the beginning of the one after them, or of the character it is part of.</summary>
    public int EndOfFirst(int count)
    {
        if (count >= Count) return text.Length;
        if (count <= 0) return 0;
        int end = starts is null ? Longest(count, length => text[..Border(length)]) : starts[count];
        return Border(end);
    }

    /// <summary>Where the last tokens begin.</summary>
    public int StartOfLast(int count)
    {
        if (count >= Count) return 0;
        if (count <= 0) return text.Length;
        int start = starts is null ? text.Length - Longest(count, length => text[UpperBorder(text.Length - length)..]) : starts[^count];
        return UpperBorder(start);
    }

    private int Border(int place) => TextUnits.IsBorder(text, place) ? place : place - 1;

    private int UpperBorder(int place) => TextUnits.IsBorder(text, place) ? place : place + 1;

    /// <summary>How many characters a piece may have: between one that fits and one that does not, where its share of the tokens says, or the middle.</summary>
    private int Longest(int count, Func<int, string> piece)
    {
        int good = 0, bad = text.Length, goodTokens = 0, badTokens = Count;
        for (int round = 1; bad - good > 1 && goodTokens < count; round++)
        {
            double share = round % 3 == 0 || badTokens <= goodTokens ? 0.5 : (count + 0.5 - goodTokens) / (badTokens - goodTokens);
            int tried = Math.Clamp(good + (int)((bad - good) * share), good + 1, bad - 1);
            int tokens = tokenizer.CountTokens(piece(tried));
            if (tokens <= count) (good, goodTokens) = (tried, tokens);
            else (bad, badTokens) = (tried, tokens);
        }

        return good;
    }

    /// <summary>How much further right everything is in the text as the tokenizer made it, or null where more than blanks was changed.</summary>
    private static int? Shift(string text, string? normalized)
    {
        if (normalized is null || normalized == text) return 0;
        int shift = normalized.Length - text.Length;
        if (shift is not (0 or 1)) return null;
        for (int i = 0; i < text.Length; i++)
        {
            char there = normalized[i + shift];
            if (there != text[i] && !(there == '\u2581' && text[i] == ' ')) return null;
        }

        return shift;
    }
}
