namespace LongContext.Evaluation.Metrics;

/// <summary>Text as words apart at whitespace, where whitespace is what the field's reference programs take for it.</summary>
internal static class Words
{
    /// <summary>The words of a text, none of them empty.</summary>
    public static string[] Of(string text)
    {
        List<string> words = [];
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !IsSpace(text[i]))
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                words.Add(text[start..i]);
                start = -1;
            }
        }

        return [.. words];
    }

    /// <summary>A text without whitespace at both ends.</summary>
    public static string Trim(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsSpace(text[start])) start++;
        while (end > start && IsSpace(text[end - 1])) end--;
        return text[start..end];
    }

    /// <summary>.NET's whitespace and the four separators U+001C to U+001F, which together are Python's.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
