using System.Text.RegularExpressions;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Architecture;

/// <summary>How source files lie: folder = namespace, one public type per file and named after it, no file over 500 lines.</summary>
public sealed partial class SourceLayoutTests
{
    private const int MostLines = 500;
    private const int MostFolders = 2;

    public static TheoryData<string> Projects => [.. Repository.SourceProjects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespace_OfEachFile_IsItsFolder(string project)
    {
        // Core has no name of its own in namespaces: people write `using LongContext.Packing;` whichever assembly holds it.
        string root = project == "LongContext.Core" ? "LongContext" : project;
        List<string> faults = [];
        foreach ((string file, string text) in Code(project))
        {
            string[] folders = Path.GetDirectoryName(file)!.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries);
            string expected = string.Join('.', [root, .. folders]);
            string found = NamespacePattern().Match(text).Groups[1].Value;
            bool onlyAttributes = found.Length == 0 && !TypePattern().IsMatch(text);
            if (!onlyAttributes && found != expected) faults.Add($"{file}: namespace {found}, expected {expected}");
            if (folders.Length > MostFolders) faults.Add($"{file}: lies more than {MostFolders} folders deep");
        }

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void PublicTypes_OfEachFile_AreOneNamedLikeIt(string project)
    {
        List<string> faults = [];
        foreach ((string file, string text) in Code(project))
        {
            string[] types = [.. PublicTypePattern().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
            if (types.Length > 1) faults.Add($"{file}: {string.Join(", ", types)}");
            if (types.Length == 1 && Path.GetFileName(file).Split('.')[0] != types[0]) faults.Add($"{file}: holds {types[0]}");
        }

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Lines_OfEachFile_AreAtMostFiveHundred(string project)
    {
        string[] patterns = ["*.cs", "*.cu", "*.cuh", "*.h", "*.targets", "*.props"];
        IEnumerable<string> faults = patterns.SelectMany(pattern => Repository.SourceFiles(project, pattern))
            .Select(file => (file, lines: File.ReadLines(file).Count()))
            .Where(entry => entry.lines > MostLines)
            .Select(entry => $"{entry.file}: {entry.lines} lines");
        Assert.Empty(faults);
    }

    /// <summary>Files that the project compiles, with paths from its folder; the task that users' builds compile is none.</summary>
    private static IEnumerable<(string File, string Text)> Code(string project) =>
        Repository.SourceFiles(project, "*.cs")
            .Select(file => (File: Path.GetRelativePath(Repository.ProjectFolder(project), file), Text: File.ReadAllText(file)))
            .Where(entry => !entry.File.StartsWith("buildTransitive", StringComparison.Ordinal));

    [GeneratedRegex(@"^namespace\s+([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespacePattern();

    [GeneratedRegex(@"^(?:[a-z ]+ )?(?:class|struct|interface|enum|record|delegate) ", RegexOptions.Multiline)]
    private static partial Regex TypePattern();

    // Types of a file-scoped namespace begin in the first column; nested ones do not.
    [GeneratedRegex(@"^public (?:[a-z]+ )*?(?:class|struct|interface|enum|record(?: class| struct)?|delegate \S+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicTypePattern();
}
