using System.Text;
using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>
/// Puts needles into a text as the needle test does: at ⌊tokens × depth⌋, and back from there to the last full stop, or to the beginning where there is none; at depth 1 at the very end.
/// </summary>
internal static class NeedlePlacing
{
    /// <summary>The text with needles in it.</summary>
    /// <param name="tokenizer">Counts.</param>
    /// <param name="text">The text.</param>
    /// <param name="needles">What is hidden, and how deep; of two at the same place the first comes first.</param>
    public static string Insert(Tokenizer tokenizer, string text, IReadOnlyList<(string Text, double Depth)> needles)
    {
        List<Range> words = TextUnits.Words(text);
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

    /// <summary>The place after the last full stop before a place that ends a word; 0 where there is none.</summary>
    private static int AfterStop(string text, int place)
    {
        for (; place > 0; place--)
        {
            if (text[place - 1] == '。' || (text[place - 1] == '.' && (place == text.Length || TextUnits.IsSpace(text[place])))) return place;
        }

        return 0;
    }

    private static void Append(StringBuilder whole, string part)
    {
        if (part.Length == 0) return;
        if (whole.Length > 0 && !TextUnits.IsSpace(whole[^1]) && !TextUnits.IsSpace(part[0])) whole.Append(' ');
        whole.Append(part);
    }
}
