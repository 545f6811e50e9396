namespace LongContext.Chat;

/// <summary>Python's string methods, which the templates call, where .NET's differ from them.</summary>
internal static class PythonText
{
    /// <summary><c>strip()</c>; Python counts the separators U+001C to U+001F as white space, .NET does not.</summary>
    public static string Strip(string text) => StripEnd(text)[StartOf(StripEnd(text))..];

    /// <summary><c>rstrip()</c>.</summary>
    public static string StripEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    public static bool StartsWithSpace(string text) => text.Length > 0 && IsSpace(text[0]);

    /// <summary><c>text.split(separator)[-1]</c>.</summary>
    public static string AfterLast(string text, string separator)
    {
        int at = text.LastIndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? text : text[(at + separator.Length)..];
    }

    /// <summary><c>text.split(separator)[0]</c>.</summary>
    public static string BeforeFirst(string text, string separator)
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }

    private static int StartOf(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start])) start++;
        return start;
    }

    private static bool IsSpace(char value) => char.IsWhiteSpace(value) || value is >= '\u001C' and <= '\u001F';
}
