using System.Text.RegularExpressions;

namespace LongContext.TestSupport;

/// <summary>Programs in guides and in the tests that compile them, as lines to compare.</summary>
internal static partial class GuideText
{
    /// <summary>
    /// The lines of a guide's C# programs, without what tells a reader where names come from: using directives and the line of given names at a program's beginning, and blank lines there. That these are right is
    /// for the tests of all documents (tests/LongContext.Package.Tests/Documents).
    /// </summary>
    public static IEnumerable<string> Programs(string guide)
    {
        bool isWithin = false, hasBegun = false;
        foreach (string line in File.ReadLines(guide))
        {
            if (line.Trim() == "```csharp") (isWithin, hasBegun) = (true, false);
            else if (line.Trim() == "```") isWithin = false;
            else if (isWithin && (hasBegun |= !IntroductionPattern().IsMatch(line))) yield return line;
        }
    }

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

    [GeneratedRegex(@"^(using (static )?[\w.]+;|// given: .*)?$")]
    private static partial Regex IntroductionPattern();
}
