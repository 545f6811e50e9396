using System.Text;
using LongContext.Data.Cleaning;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Metrics;

/// <summary>The words of an answer, so that one answer can be looked for in another without finding "no" in "know" or "1" in "17".</summary>
/// <remarks>
/// Words are runs of letters, marks and digits, in lower case, after compatibility composition (NFKC). A number is one word with its sign and its decimal point, without the commas between
/// thousands: 1,820 is 1820, and 17 does not occur in 17.5 or in -17. A + or # at the end of a word belongs to it (C++, C#, B+). Of scripts without spaces every letter is a word.
/// </remarks>
internal static class AnswerWords
{
    private static readonly string[] Articles = ["a", "an", "the"];

    /// <summary>Whether the words of one text occur in another, one after the other; an article that the first begins with is not asked for.</summary>
    /// <remarks>What has no word, such as "+", is looked for as it is.</remarks>
    public static bool Contains(string text, string part)
    {
        List<string> words = Of(text), wanted = Of(part);
        if (wanted.Count == 0) return text.Contains(Words.Trim(part), StringComparison.OrdinalIgnoreCase);
        if (wanted.Count > 1 && Articles.Contains(wanted[0])) wanted.RemoveAt(0);
        for (int at = 0; at + wanted.Count <= words.Count; at++)
        {
            int same = 0;
            while (same < wanted.Count && words[at + same] == wanted[same]) same++;
            if (same == wanted.Count) return true;
        }

        return false;
    }

    public static List<string> Of(string text)
    {
        string prepared = SearchWords.Prepare(text);
        List<string> words = [];
        StringBuilder word = new();
        CharacterClass before = CharacterClass.Separator;
        for (int at = 0; at < prepared.Length;)
        {
            Rune.DecodeFromUtf16(prepared.AsSpan(at), out Rune rune, out int size);
            CharacterClass found = CharacterClasses.Of(rune);
            if (found == CharacterClass.Word)
            {
                word.Append(Rune.ToLowerInvariant(rune).ToString());
            }
            else if (found == CharacterClass.Alone)
            {
                End();
                words.Add(rune.ToString());
            }
            else if (SearchWords.IsInvisible(prepared[at]) || IsThousands(prepared, at, word))
            {
                at += size;
                continue;
            }
            else if (IsOfNumber(prepared, at, word, before))
            {
                word.Append(prepared[at] == '.' ? '.' : '-');
            }
            else if (prepared[at] is '+' or '#' && word.Length > 0 && !(word[^1] is >= '0' and <= '9') && !IsWordAt(prepared, at + 1))
            {
                word.Append(prepared[at]);
            }
            else
            {
                End();
            }

            before = found;
            at += size;
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0) words.Add(word.ToString());
            word.Clear();
        }
    }

    /// <summary>Whether a comma stands between groups of three digits of a number that has no decimal point yet.</summary>
    private static bool IsThousands(string text, int at, StringBuilder word) =>
        text[at] == ',' && IsDigitAt(text, at + 1) && IsDigitAt(text, at + 2) && IsDigitAt(text, at + 3) && !IsWordAt(text, at + 4) && IsNumber(word);

    /// <summary>Whether a point stands within a number, or a sign before one and behind nothing that it would join.</summary>
    private static bool IsOfNumber(string text, int at, StringBuilder word, CharacterClass before) => text[at] switch
    {
        '.' => IsDigitAt(text, at + 1) && IsNumber(word),
        '-' or '\u2212' => IsDigitAt(text, at + 1) && word.Length == 0 && before is not (CharacterClass.Word or CharacterClass.Alone),
        _ => false,
    };

    private static bool IsNumber(StringBuilder word)
    {
        if (word.Length == 0) return false;
        for (int i = word[0] == '-' ? 1 : 0; i < word.Length; i++)
        {
            if (word[i] is not (>= '0' and <= '9')) return false;
        }

        return true;
    }

    private static bool IsDigitAt(string text, int at) => at < text.Length && text[at] is >= '0' and <= '9';

    private static bool IsWordAt(string text, int at) => at < text.Length && CharacterClasses.Of(text[at]) is CharacterClass.Word or CharacterClass.Alone or CharacterClass.Surrogate;
}
