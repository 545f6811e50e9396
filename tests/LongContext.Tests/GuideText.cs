namespace LongContext.Tests;

/// <summary>Programs in guides and in the tests that compile them, as lines to compare.</summary>
internal static class GuideText
{
    /// <summary>A file's lines, trimmed, between the first line that is <paramref name="first"/> and the next that is <paramref name="last"/>.</summary>
    public static string[] Between(string file, string first, string last) =>
        [.. File.ReadLines(file).Select(line => line.Trim()).SkipWhile(line => line != first).Skip(1).TakeWhile(line => line != last)];
}
