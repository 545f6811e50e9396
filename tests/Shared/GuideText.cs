namespace LongContext.TestSupport;

/// <summary>Programs in guides and in the tests that compile them, as lines to compare.</summary>
internal static class GuideText
{
    /// <summary>A file's lines, trimmed, between the first line that is <paramref name="first"/> and the next that is <paramref name="last"/>.</summary>
    public static string[] Between(string file, string first, string last) =>
        [.. File.ReadLines(file).Select(line => line.Trim()).SkipWhile(line => line != first).Skip(1).TakeWhile(line => line != last)];

    /// <summary>A file's lines in all blocks between two marks, without the indentation of each block's first line.</summary>
    public static IEnumerable<string> Blocks(string file, string begins, string ends)
    {
        int? indentation = null;
        foreach (string line in File.ReadLines(file))
        {
            if (line.Trim() == ends) indentation = null;
            else if (indentation is { } width) yield return line.Length > width ? line[width..] : line.Trim();
            if (line.Trim() == begins) indentation = line.Length - line.TrimStart().Length;
        }
    }
}
