using System.Text;

namespace LongContext.Data.Making;

/// <summary>Where a text's words or characters are.</summary>
internal static class TextUnits
{
    public static List<Range> Of(string text, DenoisingUnit unit) => unit == DenoisingUnit.Words ? Words(text) : Characters(text);

    /// <summary>The runs without white space, where white space is .NET's and the four separators U+001C to U+001F, which together are Python's.</summary>
    public static List<Range> Words(string text)
    {
        List<Range> words = [];
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !IsSpace(text[i]))
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                words.Add(start..i);
                start = -1;
            }
        }

        return words;
    }

    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>Whether the text may be cut here: not between the halves of a surrogate pair.</summary>
    public static bool IsBorder(string text, int place) =>
        place <= 0 || place >= text.Length || !char.IsLowSurrogate(text[place]) || !char.IsHighSurrogate(text[place - 1]);

    private static List<Range> Characters(string text)
    {
        List<Range> characters = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            // A lone half of a pair counts as one character and stays as it is.
            int length = Rune.TryGetRuneAt(text, i, out Rune rune) ? rune.Utf16SequenceLength : 1;
            characters.Add(i..(i + length));
            i += length;
        }

        return characters;
    }
}
