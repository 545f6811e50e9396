using System.Globalization;
using System.Text;
using LongContext.Data.Making;
using LongContext.Evaluation.Strategies.Retrieval;
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
            Append(whole, text[from..place], JoinsWithBlankFrom(text, from));
            // Behind the text, or behind a needle at the same place.
            Append(whole, needle, JoinsWithBlankTo(text, place));
            from = place;
        }

        Append(whole, text[from..], JoinsWithBlankFrom(text, from));
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

    /// <summary>
    /// The last place of a stretch that a mark stands before: one of Chinese or Japanese, with the marks that close behind it, or another with white space behind it or at the end of the text.
    /// </summary>
    private static int? LastAfter(string text, int first, int last, Func<char, bool> isMark)
    {
        for (int place = last; place > first; place--)
        {
            char mark = text[place - 1];
            if (!isMark(mark)) continue;
            if (!SentenceStops.IsWide(mark))
            {
                if (place == text.Length || TextUnits.IsSpace(text[place])) return place;
                continue;
            }

            // 「……。」 is not torn apart; a sentence that closes behind the stretch is none of it.
            int end = place;
            while (end < text.Length && (SentenceStops.IsStop(text[end]) || SentenceBorders.Closes(text[end]))) end++;
            if (end <= last) return end;
        }

        return null;
    }

    /// <summary>What the needle test takes for the end of a sentence, and its like in other scripts.</summary>
    private static bool IsFullStop(char mark) => mark == '.' || SentenceStops.IsOtherStop(mark);

    /// <summary>Whether a blank goes before what the text has from a place on; a quotation mark like “ says nothing of that, but what stands in it.</summary>
    private static bool JoinsWithBlankFrom(string text, int place)
    {
        while (place < text.Length - 1 && Opens(text[place]) && JoinsWithBlank(text, place)) place++;
        return JoinsWithBlank(text, place);
    }

    /// <summary>Whether a blank goes behind what the text has up to a place.</summary>
    private static bool JoinsWithBlankTo(string text, int place)
    {
        int last = text.AsSpan(0, place).TrimEnd().Length - 1;
        while (last > 0 && SentenceBorders.Closes(text[last]) && JoinsWithBlank(text, last)) last--;
        return JoinsWithBlank(text, last < 0 ? 0 : char.IsLowSurrogate(text[last]) ? last - 1 : last);
    }

    private static bool Opens(char c) =>
        c is '"' or '\'' || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.OpenPunctuation;

    /// <summary>Whether the text puts a blank between sentences, by one of its characters: Chinese and Japanese do not, other scripts without spaces between words (Thai, Khmer) do.</summary>
    private static bool JoinsWithBlank(string text, int place)
    {
        if (place < 0 || place >= text.Length) return true;
        int character = Rune.TryGetRuneAt(text, place, out Rune rune) ? rune.Value : text[place];
        // Han with its radicals, kana, bopomofo, their marks and full-width forms; Korean letters, which lie among them, have blanks.
        return character is not ((>= 0x2E80 and <= 0x312F) or (>= 0x3190 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE4F) or (>= 0xFF00 and <= 0xFF9F) or (>= 0x1B000 and <= 0x1B16F) or (>= 0x20000 and <= 0x3FFFF));
    }

    private static void Append(StringBuilder whole, string part, bool withBlank)
    {
        if (part.Length == 0) return;
        if (withBlank && whole.Length > 0 && !TextUnits.IsSpace(whole[^1]) && !TextUnits.IsSpace(part[0])) whole.Append(' ');
        whole.Append(part);
    }
}
