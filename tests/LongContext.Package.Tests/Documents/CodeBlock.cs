using System.Text.RegularExpressions;

namespace LongContext.Package.Tests.Documents;

/// <summary>A fenced block of a document.</summary>
/// <param name="Document">The file.</param>
/// <param name="FirstLine">The number of its first line below the fence, from 1.</param>
/// <param name="Language">What stands behind the fence; often nothing.</param>
/// <param name="Lines">Its lines, without the fence's indentation.</param>
internal sealed partial record CodeBlock(string Document, int FirstLine, string Language, IReadOnlyList<string> Lines)
{
    public bool IsCSharp => Language.ToUpperInvariant() is "CSHARP" or "CS" or "C#";

    /// <summary>All blocks of a document, in their order.</summary>
    public static IReadOnlyList<CodeBlock> Of(string document)
    {
        List<CodeBlock> blocks = [];
        string[] lines = File.ReadAllLines(document);
        for (int i = 0; i < lines.Length; i++)
        {
            if (FencePattern().Match(lines[i]) is not { Success: true } fence) continue;
            int first = i + 1, indentation = fence.Groups[1].Length;
            while (++i < lines.Length && lines[i].Trim() != "```")
            {
            }

            blocks.Add(new CodeBlock(document, first + 1, fence.Groups[2].Value, [.. lines[first..Math.Min(i, lines.Length)].Select(line => line[Math.Min(indentation, line.Length - line.TrimStart().Length)..])]));
        }

        return blocks;
    }

    [GeneratedRegex(@"^(\s*)```\s*(\S*)\s*$")]
    private static partial Regex FencePattern();
}
