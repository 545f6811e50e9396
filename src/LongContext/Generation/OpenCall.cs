using LongContext.Chat;

namespace LongContext.Generation;

/// <summary>The call that an answer which breaks off was in.</summary>
internal static class OpenCall
{
    /// <summary>The function's name; null where the answer was in no call's arguments.</summary>
    /// <param name="syntax">How calls are written, which the answer was held to.</param>
    /// <param name="text">The answer so far.</param>
    public static string? Name(ToolCallSyntax syntax, string text)
    {
        ToolCallReader reader = syntax.CreateReader();
        reader.Add(text);
        // What is held back begins with the call that is not whole: behind its name its arguments may say anything, behind calls that are whole there is nothing of theirs.
        string open = string.Concat(reader.Flush().Select(reading => reading.Text));
        int end = open.IndexOf(syntax.ArgumentsPrefix, StringComparison.Ordinal), start = end;
        while (start > 0 && IsOfName(open[start - 1])) start--;
        return start < end ? open[start..end] : null;
    }

    private static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.';
}
