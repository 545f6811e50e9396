using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Documents;

/// <summary>What the documents tell a reader to type is there: files, projects, options, suites, tests, variables and packages.</summary>
public sealed partial class DocumentedNamesTests
{
    private static readonly ConcurrentDictionary<string, string> s_code = new();

    /// <summary>The log tells what once was.</summary>
    private static IEnumerable<(string Document, string Text)> Documents =>
        Repository.Documents.Where(file => Path.GetFileName(file) != "log.md").Select(file => (Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file)));

    [Fact]
    public void Paths_OfAllDocuments_Exist() =>
        AssertAllThere(PathPattern(), 30, path => Path.Exists(Path.Combine(Repository.Root, path.Split('*')[0])));

    [Fact]
    public void Projects_OfAllCommands_TakeWhatIsGivenToThem()
    {
        AssertAllThere(CommandPattern(), 20, command =>
        {
            string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string project = words[0].TrimEnd('/');
            if (Directory.GetFiles(Path.Combine(Repository.Root, project), "*.csproj").Length != 1) return false;
            string code = Code(project) + (project.StartsWith("samples/", StringComparison.Ordinal) ? Code("samples/Shared") : "");
            return words.Skip(1).SkipWhile(word => word != "--").Skip(1).All(word => word switch
            {
                // BenchmarkDotNet's and xunit's own options; their values are parts of names.
                "--filter" or "--filter-class" => true,
                _ when word.Contains('*', StringComparison.Ordinal) => word.Trim('\'', '"', '*') is var part && (!part.Any(char.IsLower) || code.Contains(part, StringComparison.Ordinal)), // SUITE stands for any
                ['-', '-', ..] or [>= 'a' and <= 'z', ..] when !word.Contains('/', StringComparison.Ordinal) => code.Contains($"\"{word}\"", StringComparison.Ordinal) || IsValue(words, word),
                _ => true,
            });
        });

        // What stands behind an option is its value.
        static bool IsValue(string[] words, string word) => Array.IndexOf(words, word) is > 0 and var at && words[at - 1].StartsWith("--", StringComparison.Ordinal) && words[at - 1] != "--";
    }

    [Fact]
    public void Options_OfAllDocuments_AreThoseOfSomeProgram()
    {
        string[] others = ["--project", "--filter", "--filter-class", "--prerelease", "--name", "--version", "--help", "--list", "--counters"]; // of the SDK, its counters, BenchmarkDotNet and xunit
        string code = Code("samples") + Code("benchmarks") + Code("tests/Interop");
        AssertAllThere(OptionPattern(), 10, option => others.Contains(option) || code.Contains($"\"{option}\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Variables_OfAllDocuments_AreRead()
    {
        string code = Code("tests") + Code("src") + Code("benchmarks") + Code("samples");
        AssertAllThere(VariablePattern(), 5, name => code.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Packages_OfAllDocuments_AreOursOrOfTheVersionThatIsBuiltWith()
    {
        Dictionary<string, string> versions = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);
        AssertAllThere(PackagePattern(), 2, command => command.Split(' ') is [var id, .. var rest]
            && (rest.Contains("--version") ? versions.GetValueOrDefault(id) == rest[^1] : Repository.SourceProjects.Contains(id) || versions.ContainsKey(id)));
    }

    private static void AssertAllThere(Regex pattern, int least, Func<string, bool> isThere)
    {
        (string Document, string Name)[] named = [.. Documents.SelectMany(document => pattern.Matches(document.Text).Select(match => (document.Document, match.Groups[1].Value.TrimEnd('.', ']', ' ')))).Distinct()];
        string[] faults = [.. named.Where(each => !isThere(each.Name)).Select(each => $"{each.Document}: {each.Name}")];
        Assert.True(faults.Length == 0, string.Join('\n', faults));
        Assert.True(named.Length >= least, $"only {named.Length} were found");
    }

    /// <summary>All code below a folder as one text.</summary>
    private static string Code(string folder) => s_code.GetOrAdd(folder, static folder => string.Concat(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(file => Path.GetExtension(file) is ".cs" or ".py" or ".js" or ".mjs" or ".sh" && !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules" or "Fixtures"))
            .Select(File.ReadAllText)));

    // Where a link leads is for LinkTests.
    [GeneratedRegex(@"(?<![\w/.\-])((?:samples|src|tests|docs|benchmarks|\.ci)/[\w./\-*]*[\w*])")]
    private static partial Regex PathPattern();

    [GeneratedRegex(@"--project ((?:samples|benchmarks|tests)/[^`#\[\n]+)")]
    private static partial Regex CommandPattern();

    [GeneratedRegex(@"(?<![\w\-])(--[a-z][a-z0-9\-]+)")]
    private static partial Regex OptionPattern();

    [GeneratedRegex(@"\b(LONGCONTEXT_[A-Z_]*[A-Z])\b")]
    private static partial Regex VariablePattern();

    [GeneratedRegex(@"dotnet add package ([\w.\-]+(?: --version [\d.]+)?)")]
    private static partial Regex PackagePattern();
}
