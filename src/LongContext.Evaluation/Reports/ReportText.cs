using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Reports;

/// <summary>Text of data (names, answers, faults), made fit for consoles and tables.</summary>
internal static class ReportText
{
    /// <summary>Control characters, what changes the direction of text, and halves of pairs become replacement characters; line ends and tabs stay if so wanted.</summary>
    public static string WithoutControls(string text, bool keepLines = false)
    {
        StringBuilder? clean = null;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            bool good = pair || (keepLines && c is '\n' or '\r' or '\t')
                || !(char.IsControl(c) || char.IsSurrogate(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or >= '\uFFFE');
            if (!good && clean is null) clean = new StringBuilder(text, 0, i, text.Length);
            clean?.Append(good ? c : '\uFFFD');
            if (!pair) continue;
            i++;
            clean?.Append(text[i]);
        }

        return clean?.ToString() ?? text;
    }

    /// <summary>What became of an item that has no score.</summary>
    public static string Status(ItemStatus status) => status switch
    {
        ItemStatus.TooLong => "too long",
        ItemStatus.NotMade => "not made",
        ItemStatus.NotJudged => "not judged",
        _ => "failed",
    };

    /// <summary>One line: runs of white space are one space.</summary>
    public static string OneLine(string text) =>
        WithoutControls(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    /// <summary>The beginning of a text, an ellipsis where it goes on; pairs stay whole.</summary>
    public static string Beginning(string text, int characters)
    {
        if (text.Length <= characters) return text;
        int end = characters - 1;
        if (char.IsHighSurrogate(text[end - 1])) end--;
        return text[..end] + "…";
    }

    /// <summary>A long text without its middle, and how many characters (UTF-16 units) that has; 0 where the text is whole.</summary>
    public static (string Head, int LeftOut, string Tail) Folded(string text, int head, int tail)
    {
        // Leaving out a few words would only make the reader wonder.
        if (text.Length <= head + tail + 100) return (text, 0, "");
        if (char.IsHighSurrogate(text[head - 1])) head--;
        int start = text.Length - tail;
        if (char.IsLowSurrogate(text[start])) start++;
        return (text[..head], start - head, text[start..]);
    }

    /// <summary>Text in Markdown, a table's cell included, that means what it says.</summary>
    public static string Markdown(string text)
    {
        string line = OneLine(text);
        StringBuilder escaped = new(line.Length + 8);
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            // A line that begins with a mark of a list or a heading is none of ours; within words an underscore stands for itself.
            bool special = c is '\\' or '|' or '*' or '[' or ']' or '`' or '~' or '#'
                || (c == '_' && !(i > 0 && i + 1 < line.Length && char.IsLetterOrDigit(line[i - 1]) && char.IsLetterOrDigit(line[i + 1])))
                || (i == 0 && c is '-' or '+' or '=');
            if (c == '<') escaped.Append("&lt;");
            else if (c == '&') escaped.Append("&amp;");
            else if (special) escaped.Append('\\').Append(c);
            else escaped.Append(c);
        }

        // A bare address would become a link, with and without a scheme.
        return escaped.Replace("://", ":\\//").Replace("www.", "www\\.").ToString();
    }

    /// <summary>How many columns of a console a text takes: wide characters of East Asia take two.</summary>
    public static int Width(string text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) continue;
            width += rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF)
                or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD)
                ? 2 : 1;
        }

        return width;
    }
}
