using System.Globalization;
using System.Text;
using LongContext.Data.Cleaning;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Metrics;

/// <summary>The words of an answer, so that one answer can be looked for in another without finding "no" in "know" or "1" in "17".</summary>
/// <remarks>
/// <para>
/// Words are runs of letters, marks and digits, in lower case, after compatibility composition (NFKC). A number is one word with its sign and its decimal point (<see cref="AnswerNumbers"/>): 17 does
/// not occur in 17.5 or in -17. Letters behind it are a word of their own, such as a unit (10km), and so is a "v" before it (v1.2); with digits behind the letters, as in 3f2a or 1e5, all is one word.
/// Raised digits and fractions behind a digit stand apart from it. A percent sign is a word, the same as "percent" and "per cent". A + or # at the end of a word belongs to it (C++, C#, B+). Of
/// scripts without spaces, and of Hangul, every letter is a word.
/// </para>
/// <para>
/// What is not seen: prefixes that Hebrew and Arabic glue to a word; a point between thousands, which is read as a decimal point; units by another name (10 kilometres), currencies, numbers in words;
/// "50" is found in "50%", and "5G" in "5 g".
/// </para>
/// </remarks>
internal static class AnswerWords
{
    private const string Percent = "%";

    /// <summary>Whether the words of one text occur in another, one after the other; an article that the first begins with is not asked for.</summary>
    /// <remarks>What has no word, such as "+", is looked for as it is.</remarks>
    public static bool Contains(string text, string part)
    {
        List<string> words = Of(text), wanted = Wanted(part);
        if (wanted.Count == 0) return text.Contains(Words.Trim(part), StringComparison.OrdinalIgnoreCase);
        for (int at = 0; at + wanted.Count <= words.Count; at++)
        {
            int same = 0;
            while (same < wanted.Count && words[at + same] == wanted[same]) same++;
            if (same == wanted.Count) return true;
        }

        return false;
    }

    /// <summary>The words that are looked for: without the article that they begin with, unless it is all there is. A capital A is none: it may be a note, a grade, a blood group.</summary>
    public static List<string> Wanted(string part)
    {
        List<string> words = Of(part);
        if (words.Count > 1 && (words[0] is "the" or "an" || (words[0] == "a" && part.FirstOrDefault(char.IsLetterOrDigit) == 'a'))) words.RemoveAt(0);
        return words;
    }

    public static List<string> Of(string text)
    {
        string prepared = SearchWords.Prepare(TakeApart(text));
        List<string> words = [];
        StringBuilder word = new();
        CharacterClass before = CharacterClass.Separator;
        for (int at = 0; at < prepared.Length;)
        {
            Rune.DecodeFromUtf16(prepared.AsSpan(at), out Rune rune, out int size);
            CharacterClass found = IsHangul(rune) ? CharacterClass.Alone : CharacterClasses.Of(rune);
            if (AnswerNumbers.IsDigitAt(prepared, at) && IsSign(word))
            {
                at = AnswerNumbers.Read(prepared, at, word, words);
                before = CharacterClass.Word;
                if (!IsNumberOfWord(prepared, at)) End();
                continue;
            }

            if (found == CharacterClass.Word)
            {
                word.Append(Rune.ToLowerInvariant(rune).ToString());
                if (word is { Length: 1 } && word[0] == 'v' && AnswerNumbers.IsDigitAt(prepared, at + size)) End();
            }
            else if (found == CharacterClass.Alone || rune.Value == '%')
            {
                found = CharacterClass.Alone;
                End();
                words.Add(rune.ToString());
            }
            else if (IsSignOfNumber(prepared, at, word, before))
            {
                word.Append('-');
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
            if (word.Length == 0) return;
            string ended = word.ToString();
            word.Clear();
            if (ended == "cent" && words.Count > 0 && words[^1] == "per") words[^1] = Percent;
            else words.Add(ended == "percent" ? Percent : ended);
        }
    }

    /// <summary>Without what is not seen and ends no word, and with a space between a digit and a raised one or a fraction, which composition would make digits of the number.</summary>
    private static string TakeApart(string text)
    {
        if (Ascii.IsValid(text)) return text;
        StringBuilder apart = new(text.Length + 8);
        foreach (char c in text)
        {
            if (SearchWords.IsInvisible(c)) continue;
            if (apart.Length > 0 && char.IsDigit(apart[^1]) && char.GetUnicodeCategory(c) == UnicodeCategory.OtherNumber) apart.Append(' ');
            apart.Append(c);
        }

        return apart.ToString();
    }

    private static bool IsHangul(Rune rune) => rune.Value is >= 0xAC00 and <= 0xD7A3;

    /// <summary>Whether there is nothing yet of a word, or the sign that a number follows.</summary>
    private static bool IsSign(StringBuilder word) => word.Length == 0 || (word.Length == 1 && word[0] == '-');

    /// <summary>Whether a sign stands before a number and behind nothing that it would join.</summary>
    private static bool IsSignOfNumber(string text, int at, StringBuilder word, CharacterClass before) =>
        text[at] is '-' or '\u2212' && AnswerNumbers.IsDigitAt(text, at + 1) && word.Length == 0 && before is not (CharacterClass.Word or CharacterClass.Alone);

    /// <summary>Whether letters stand at a place with digits behind them, so that they are no unit of the number before.</summary>
    private static bool IsNumberOfWord(string text, int at)
    {
        for (int from = at; at < text.Length;)
        {
            if (AnswerNumbers.IsDigitAt(text, at)) return at > from;
            Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int size);
            if (CharacterClasses.Of(rune) != CharacterClass.Word || IsHangul(rune)) return false;
            at += size;
        }

        return false;
    }

    private static bool IsWordAt(string text, int at) => at < text.Length && CharacterClasses.Of(text[at]) is CharacterClass.Word or CharacterClass.Alone or CharacterClass.Surrogate;
}
