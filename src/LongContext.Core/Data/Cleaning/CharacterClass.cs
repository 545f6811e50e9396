using System.Globalization;
using System.Text;

namespace LongContext.Data.Cleaning;

/// <summary>What a UTF-16 unit is to a normalised word.</summary>
internal enum CharacterClass : byte
{
    /// <summary>Punctuation, symbols, control and format characters, variation selectors: as if they were not there.</summary>
    Removed,

    /// <summary>White space: ends a word.</summary>
    Separator,

    /// <summary>Letters of scripts that put no spaces between words: a word each.</summary>
    Alone,

    /// <summary>Half of a pair; looked up by code point.</summary>
    Surrogate,

    /// <summary>Letters, marks and numbers: part of a word, in lower case.</summary>
    Word,
}

/// <summary>Classes and lower case of all UTF-16 units, looked up in tables.</summary>
internal static class CharacterClasses
{
    /// <summary>Ranges whose letters are words of their own: Thai, Lao, Tibetan, Myanmar, Khmer, kana, bopomofo and Han.</summary>
    private static readonly (int First, int Last)[] Unspaced =
    [
        (0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF),
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x1B000, 0x1B16F), (0x20000, 0x3FFFF),
    ];

    /// <summary>By UTF-16 unit: of a part of a word its simple lower case, of all else its class, which no such letter's number is.</summary>
    public static readonly char[] Map = [.. Enumerable.Range(0, 0x10000).Select(unit =>
        char.IsSurrogate((char)unit) ? (char)CharacterClass.Surrogate : Of(unit) is not CharacterClass.Word and var other ? (char)other : char.ToLowerInvariant((char)unit))];

    public static CharacterClass Of(char unit) => Map[unit] is < (char)CharacterClass.Word and var other ? (CharacterClass)other : CharacterClass.Word;

    public static CharacterClass Of(Rune rune) => Of(rune.Value);

    private static CharacterClass Of(int codePoint)
    {
        UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(codePoint);
        if (category is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || codePoint is (>= 9 and <= 13) or 0x85)
            return CharacterClass.Separator;
        // They choose between forms of the symbol or letter before them.
        if (codePoint is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF) or (>= 0x180B and <= 0x180D) or 0x180F) return CharacterClass.Removed;
        return category switch
        {
            <= UnicodeCategory.OtherNumber => IsUnspaced(codePoint) ? CharacterClass.Alone : CharacterClass.Word,
            _ => CharacterClass.Removed,
        };
    }

    private static bool IsUnspaced(int codePoint)
    {
        foreach ((int first, int last) in Unspaced)
        {
            if (codePoint >= first && codePoint <= last) return true;
        }

        return false;
    }
}
