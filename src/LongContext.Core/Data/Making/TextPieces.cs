using System.Globalization;
using System.Text;
using LongContext.Data.Cleaning;

namespace LongContext.Data.Making;

/// <summary>
/// The words of a text, where white space does not tell words apart cut into less: what a text of any script can be measured out by. A text with spaces has its words, as they are.
/// </summary>
internal static class TextPieces
{
    /// <summary>Characters up to which a word with letters of a script without spaces (Han, kana, Thai and others) stays whole, such as a name in an English text.</summary>
    private const int LongestUnspaced = 16;

    /// <summary>Characters up to which any other word stays whole; beyond, it is an encoding, a table or a file without spaces.</summary>
    private const int LongestWord = 256;

    /// <summary>Characters of a piece of such a word.</summary>
    private const int PieceLength = 64;

    /// <summary>The pieces in order; one goes on where the one before ends if no white space is between them.</summary>
    public static List<Range> Of(string text)
    {
        List<Range> words = TextUnits.Words(text);
        if (!words.Exists(word => Length(word) > LongestUnspaced)) return words;
        List<Range> pieces = new(words.Count);
        foreach (Range word in words)
        {
            bool isUnspaced = Length(word) > LongestUnspaced && HasUnspaced(text.AsSpan(word));
            if (isUnspaced || Length(word) > LongestWord) Cut(text, word, isUnspaced, pieces);
            else pieces.Add(word);
        }

        return pieces;
    }

    /// <summary>Cuts between graphemes alone, and where there are letters that are words by themselves before each of them, its punctuation with it.</summary>
    private static void Cut(string text, Range word, bool isUnspaced, List<Range> pieces)
    {
        int end = word.End.Value, start = word.Start.Value;
        bool afterLetter = false, afterOpening = false;
        for (int i = start; i < end;)
        {
            Rune rune = Rune.TryGetRuneAt(text, i, out Rune found) ? found : Rune.ReplacementChar; // half of a pair
            CharacterClass kind = CharacterClasses.Of(rune);
            bool isOpening = Rune.GetUnicodeCategory(rune) is UnicodeCategory.OpenPunctuation or UnicodeCategory.InitialQuotePunctuation;
            bool begins = isUnspaced && !afterOpening && (kind == CharacterClass.Alone || isOpening || (afterLetter && kind == CharacterClass.Word));
            if (i > start && (begins || i - start >= PieceLength))
            {
                pieces.Add(start..i);
                (start, afterLetter) = (i, false);
            }

            afterLetter |= kind == CharacterClass.Alone;
            afterOpening = isOpening;
            i += StringInfo.GetNextTextElementLength(text.AsSpan(i, end - i));
        }

        pieces.Add(start..end);
    }

    private static bool HasUnspaced(ReadOnlySpan<char> word)
    {
        foreach (Rune rune in word.EnumerateRunes())
        {
            if (CharacterClasses.Of(rune) == CharacterClass.Alone) return true;
        }

        return false;
    }

    private static int Length(Range word) => word.End.Value - word.Start.Value;
}
