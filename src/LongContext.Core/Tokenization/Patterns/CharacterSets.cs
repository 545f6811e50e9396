using System.Globalization;

namespace LongContext.Tokenization.Patterns;

/// <summary>
/// The character sets of Hugging Face's own components. They come from other Unicode versions than its patterns' do (Rust's
/// standard library, Unicode 17; the crates unicode_categories, Unicode 8, and unicode-normalization-alignments, Unicode 9),
/// so what differs from the runtime's Unicode 16 is listed in <see cref="UnicodeDifferences"/>.
/// </summary>
internal static class CharacterSets
{
    private static readonly CodePointSet s_punctuation = UnicodeSets.Property("P")!;
    private static readonly CodePointSet s_marks = UnicodeSets.Property("M")!;

    /// <summary>Rust's char::is_numeric.</summary>
    public static CodePointSet Numeric { get; } = new(codePoint =>
        UnicodeSets.CategoryOf(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
        || UnicodeDifferences.IsNewNumber(codePoint));

    /// <summary>Signs of ASCII and the P categories.</summary>
    public static CodePointSet Punctuation { get; } = new(codePoint => codePoint < 128
        ? char.IsPunctuation((char)codePoint) || char.IsSymbol((char)codePoint)
        : UnicodeDifferences.IsPunctuation(codePoint, s_punctuation.Contains(codePoint)));

    /// <summary>The regex crate's \w.</summary>
    public static CodePointSet WordWithJoiners { get; } = new(codePoint => UnicodeSets.IsWord(codePoint) || codePoint is 0x200C or 0x200D);

    /// <summary>Marks that StripAccents takes away.</summary>
    public static CodePointSet Accent { get; } = new(codePoint => UnicodeDifferences.IsAccent(codePoint, s_marks.Contains(codePoint)));
}
