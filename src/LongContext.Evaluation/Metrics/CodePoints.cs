namespace LongContext.Evaluation.Metrics;

/// <summary>Text as Unicode code points, the unit in which the field's reference programs count.</summary>
internal static class CodePoints
{
    /// <summary>The code points of a text; a surrogate without its other half counts as one, as itself.</summary>
    public static int[] Of(ReadOnlySpan<char> text)
    {
        int[] points = new int[text.Length];
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            points[count++] = LengthAt(text, i) == 2 ? char.ConvertToUtf32(text[i], text[++i]) : text[i];
        }

        return count == points.Length ? points : points[..count];
    }

    /// <summary>Each code point as a text of its own.</summary>
    public static string[] Split(string text)
    {
        List<string> pieces = new(text.Length);
        for (int i = 0; i < text.Length;)
        {
            int length = LengthAt(text, i);
            pieces.Add(text.Substring(i, length));
            i += length;
        }

        return [.. pieces];
    }

    /// <summary>UTF-16 units of the code point that begins at an index: 2 for a pair, else 1.</summary>
    public static int LengthAt(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;
}
