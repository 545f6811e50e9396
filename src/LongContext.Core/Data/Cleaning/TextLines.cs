namespace LongContext.Data.Cleaning;

/// <summary>A text's lines and paragraphs, trimmed, without the blank ones.</summary>
internal static class TextLines
{
    public static string[] NotBlank(string text) => text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>What stands between blank lines.</summary>
    public static string[] Paragraphs(string text)
    {
        List<string> paragraphs = [];
        List<string> current = [];
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.TrimEntries).Append(""))
        {
            if (line.Length > 0)
            {
                current.Add(line);
                continue;
            }

            if (current.Count > 0) paragraphs.Add(string.Join('\n', current));
            current.Clear();
        }

        return [.. paragraphs];
    }
}
