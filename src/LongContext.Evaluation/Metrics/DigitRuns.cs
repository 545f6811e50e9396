using System.Globalization;

namespace LongContext.Evaluation.Metrics;

/// <summary>Runs of digits, Python's <c>\d+</c>: decimal digits of every script, those outside the first plane too.</summary>
internal static class DigitRuns
{
    /// <summary>The runs in a text, in order.</summary>
    public static List<string> Of(string text)
    {
        List<string> runs = [];
        for (int i = 0; i < text.Length;)
        {
            int length = LengthAt(text, i);
            if (length > 0) runs.Add(text.Substring(i, length));
            i += length > 0 ? length : CodePoints.LengthAt(text, i);
        }

        return runs;
    }

    /// <summary>The first run that stands directly after a given text, or null.</summary>
    public static string? FirstAfter(string text, string before)
    {
        for (int at = text.IndexOf(before, StringComparison.Ordinal); at >= 0; at = text.IndexOf(before, at + 1, StringComparison.Ordinal))
        {
            int length = LengthAt(text, at + before.Length);
            if (length > 0) return text.Substring(at + before.Length, length);
        }

        return null;
    }

    /// <summary>UTF-16 units of the run that begins at an index, 0 for none.</summary>
    private static int LengthAt(string text, int start)
    {
        int i = start;
        while (i < text.Length && CharUnicodeInfo.GetUnicodeCategory(text, i) == UnicodeCategory.DecimalDigitNumber) i += CodePoints.LengthAt(text, i);
        return i - start;
    }
}
