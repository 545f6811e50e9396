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
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            points[count++] = pair ? char.ConvertToUtf32(text[i], text[++i]) : text[i];
        }

        return count == points.Length ? points : points[..count];
    }
}
