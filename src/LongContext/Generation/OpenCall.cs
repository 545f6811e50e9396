using LongContext.Chat;

namespace LongContext.Generation;

/// <summary>The call that an answer which breaks off was in.</summary>
internal static class OpenCall
{
    /// <summary>The function's name: what stands before the last arguments that were begun; null where none were.</summary>
    /// <param name="syntax">How calls are written, which the answer was held to.</param>
    /// <param name="text">The answer so far.</param>
    public static string? Name(ToolCallSyntax syntax, string text)
    {
        for (int end = text.Length; (end = text.AsSpan(0, end).LastIndexOf(syntax.ArgumentsPrefix, StringComparison.Ordinal)) > 0;)
        {
            int start = end;
            while (start > 0 && IsOfName(text[start - 1])) start--;
            if (start < end) return text[start..end];
        }

        return null;
    }

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
}
