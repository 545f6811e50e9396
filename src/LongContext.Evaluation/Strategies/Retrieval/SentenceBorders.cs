using System.Globalization;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Where sentences end in any text, by its characters alone.</summary>
/// <remarks>
/// A sentence ends after a full stop, question or exclamation mark (with the quotation marks and brackets that close after it) before white space, unless a
/// lower-case letter follows or the stop is of an abbreviation or an initial; after such a mark of Chinese and Japanese, space or not; at a blank line; and at
/// the end of a line unless the next goes on with a lower-case letter. White space belongs to the sentence before it.
/// </remarks>
internal static class SentenceBorders
{
    private static readonly HashSet<string> Abbreviations = new(StringComparer.OrdinalIgnoreCase)
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "e.g", "i.e", "cf", "fig", "figs", "eq", "nos", "vol", "pp", "al", "approx", "dept", "gen", "rev",
    };

    /// <summary>The place after each sentence, the text's length as the last; empty for an empty text.</summary>
    public static List<int> Of(string text)
    {
        List<int> borders = [];
        int begin = 0; // of the sentence
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            int end; // of the mark
            bool wide = false, line = false;
            if (c is '\n') (end, line) = (i + 1, true);
            else if (SentenceStops.IsStop(c)) (end, wide) = (i + 1, SentenceStops.IsWide(c));
            else
            {
                i++;
                continue;
            }

            if (!line)
            {
                while (end < text.Length && (text[end] is '.' or '!' or '?' or '\u3002' or '\uFF01' or '\uFF1F' || Closes(text[end]))) end++;
            }

            int after = end;
            bool blankLine = false, newLine = line;
            for (; after < text.Length && TextUnits.IsSpace(text[after]); after++)
            {
                if (text[after] != '\n') continue;
                blankLine |= newLine;
                newLine = true;
            }

            bool ends = after == text.Length || wide || blankLine
                || (line ? text[after - 1] != '\n' || !char.IsLower(text[after]) : after > end && !char.IsLower(text[after]) && !(end == i + 1 && IsAbbreviation(text, begin, i)));
            if (ends)
            {
                borders.Add(after);
                begin = after;
            }

            i = Math.Max(after, i + 1);
        }

        if (text.Length > 0 && (borders.Count == 0 || borders[^1] < text.Length)) borders.Add(text.Length);
        return borders;
    }

    /// <summary>Quotation marks and brackets that close.</summary>
    public static bool Closes(char c) =>
        c is '"' or '\'' or ')' or ']' || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.ClosePunctuation;

    private static bool IsAbbreviation(string text, int begin, int stop)
    {
        if (text[stop] != '.') return false;
        int start = stop;
        while (start > begin && (char.IsLetter(text[start - 1]) || (text[start - 1] == '.' && start < stop))) start--;
        ReadOnlySpan<char> word = text.AsSpan(start, stop - start);
        return (word.Length == 1 && char.IsUpper(word[0])) || (word.Length > 0 && Abbreviations.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word));
    }
}
