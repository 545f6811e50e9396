using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Metrics;

/// <summary>Which characters belong to a word: <c>\w</c>, on whose borders <c>\b</c> matches, of two regular-expression engines.</summary>
internal abstract class WordCharacters
{
    /// <summary>Python's re: letters, every numeric character (superscripts and fractions too) and the underscore, no combining marks.</summary>
    public static WordCharacters PythonRe { get; } = new Re();

    /// <summary>Python's regex module, by Unicode Technical Standard 18, annex C: alphabetic, marks, decimal digits, connectors, joiners.</summary>
    public static WordCharacters PythonRegex { get; } = new Uts18();

    /// <summary>Whether the code point that begins at an index is one of a word's.</summary>
    /// <param name="text">The text.</param>
    /// <param name="index">Where the code point begins.</param>
    /// <param name="length">Its UTF-16 units, 1 or 2; half a pair is one.</param>
    public bool Contains(string text, int index, out int length)
    {
        length = Rune.TryGetRuneAt(text, index, out Rune rune) ? rune.Utf16SequenceLength : 1;
        return length + index <= text.Length && rune != default && Contains(rune, Rune.GetUnicodeCategory(rune));
    }

    protected abstract bool Contains(Rune rune, UnicodeCategory category);

    private sealed class Re : WordCharacters
    {
        protected override bool Contains(Rune rune, UnicodeCategory category) => Rune.IsLetter(rune) || Rune.IsNumber(rune) || rune.Value == '_';
    }

    private sealed class Uts18 : WordCharacters
    {
        protected override bool Contains(Rune rune, UnicodeCategory category) =>
            Rune.IsLetter(rune)
            || category is UnicodeCategory.LetterNumber or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
                or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            || rune.Value is 0x200C or 0x200D // the joiners
                or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189); // letters in circles and squares
    }
}
