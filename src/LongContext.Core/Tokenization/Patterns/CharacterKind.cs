using System.Globalization;
using System.Runtime.CompilerServices;

namespace LongContext.Tokenization.Patterns;

/// <summary>The four kinds of characters that word patterns tell apart, by one look-up.</summary>
internal static class CharacterKind
{
    public const byte Other = 0;

    /// <summary>\p{L}.</summary>
    public const byte Letter = 1;

    /// <summary>\p{N}.</summary>
    public const byte Number = 2;

    /// <summary>\s.</summary>
    public const byte Space = 3;

    private const byte HighSurrogate = 4;

    private static readonly byte[] s_kinds = MakeTable();

    /// <summary>The kind of the code point at a place, and its length in UTF-16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte At(ReadOnlySpan<char> text, int position, out int length)
    {
        byte kind = s_kinds[text[position]];
        length = 1;
        return kind < HighSurrogate ? kind : OfPair(text, position, out length);
    }

    private static byte OfPair(ReadOnlySpan<char> text, int position, out int length) => Of(CodePoints.At(text, position, out length));

    private static byte Of(int codePoint)
    {
        if (UnicodeSets.Space.Contains(codePoint)) return Space;
        return CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
            _ => Other,
        };
    }

    private static byte[] MakeTable()
    {
        var kinds = new byte[char.MaxValue + 1];
        for (int character = 0; character < kinds.Length; character++)
            kinds[character] = char.IsHighSurrogate((char)character) ? HighSurrogate : Of(character);
        return kinds;
    }
}
