using System.Text;
using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>
/// Puts needles into a text as the needle test does: at ⌊tokens × depth⌋, and back from there to the last full stop, or to the beginning in the first sentence; at depth 1 at the very end.
/// Where no full stop is near, the test would go far back: then to the last other mark that ends a sentence, or nowhere where there is none either.
/// </summary>
internal static class NeedlePlacing
{
    // Characters that are near in any text, more than a sentence has; in a long one a share of it, which a depth is not told apart by.
    private const int NearCharacters = 2_000, NearShare = 50;

    /// <summary>The text with needles in it.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="text">The text.</param>
    /// <param name="needles">What is hidden, and how deep; of two at the same place the first comes first.</param>
    public static string Insert(Tokenizer tokenizer, string text, IReadOnlyList<(string Text, double Depth)> needles)
    {
        List<Range> words = TextPieces.Of(text);
        int tokens = needles.Any(needle => needle.Depth is > 0 and < 1) ? tokenizer.CountTokens(text) : 0;
        StringBuilder whole = new();
        int from = 0;
        foreach ((string needle, int place) in needles.Select(needle => (needle.Text, Place(tokenizer, text, words, tokens, needle.Depth))).OrderBy(needle => needle.Item2))
        {
            Append(whole, text[from..place]);
            Append(whole, needle);
            from = place;
        }

        Append(whole, text[from..]);
        return whole.ToString();
    }

    private static int Place(Tokenizer tokenizer, string text, List<Range> words, int tokens, double depth)
    {
        if (depth == 0 || words.Count == 0) return 0;
        if (depth == 1) return text.Length;
        int before = (int)(tokens * depth);
        // The words whose tokens come before the place, met to a few tokens.
        PromptSizer.Sized? sized = PromptSizer.Largest(
            tokenizer, before, 0, count => count == 0 ? "" : text[..words[Math.Min(count, words.Count) - 1].End] + string.Concat(Enumerable.Repeat(" .", Math.Max(0, count - words.Count))),
            Math.Max(0.25, (double)tokens / words.Count), slack: tokens / 1_000);
        return sized is not { Words: > 0 and var count } ? 0 : AfterStop(text, words[Math.Min(count, words.Count) - 1].End.Value);
    }

    /// <summary>The place after the last full stop before a place that ends a word.</summary>
    private static int AfterStop(string text, int place)
    {
        int far = Math.Max(0, place - Math.Max(NearCharacters, text.Length / NearShare));
        if (LastAfter(text, far, place, IsFullStop) is { } afterFullStop) return afterFullStop;
        // In the first sentence, where it ends at all.
        if (far == 0 && LastAfter(text, place, text.Length, IsFullStop) is not null) return 0;
        return LastAfter(text, far, place, SentenceStops.IsStop) ?? place;
    }

    /// <summary>The last place of a stretch that a mark stands before: one of Chinese or Japanese, or another with white space behind it or at the end of the text.</summary>
    private static int? LastAfter(string text, int first, int last, Func<char, bool> isMark)
    {
        for (int place = last; place > first; place--)
        {
            char mark = text[place - 1];
            if (isMark(mark) && (SentenceStops.IsWide(mark) || place == text.Length || TextUnits.IsSpace(text[place]))) return place;
        }

        return null;
    }

    /// <summary>What the needle test takes for the end of a sentence, and its like in other scripts.</summary>
    private static bool IsFullStop(char mark) => mark == '.' || SentenceStops.IsOtherStop(mark);

    private static void Append(StringBuilder whole, string part)
    {
        if (part.Length == 0) return;
        if (whole.Length > 0 && !TextUnits.IsSpace(whole[^1]) && !TextUnits.IsSpace(part[0])) whole.Append(' ');
        whole.Append(part);
    }
}
