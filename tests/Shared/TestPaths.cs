namespace LongContext.TestSupport;

/// <summary>Where tests find fixtures, the repository, and the material beside it that is never committed.</summary>
internal static class TestPaths
{
    /// <summary>Repository root (the folder of LongContext.sln), or null where the tests run away from it.</summary>
    public static string? RepositoryRoot { get; } = FindRoot();

    /// <summary>Golden data: the folder named by LONGCONTEXT_FIXTURES, else tests/Fixtures.</summary>
    public static string Fixtures { get; } =
        Environment.GetEnvironmentVariable("LONGCONTEXT_FIXTURES") is { Length: > 0 } named ? named
        : RepositoryRoot is { } root ? Path.Combine(root, "tests", "Fixtures")
        : Path.Combine(AppContext.BaseDirectory, "Fixtures");

    /// <summary>Real models, text and tokenizers: the folder named by LONGCONTEXT_SHARED, else ../shared beside the repository.</summary>
    public static string Shared { get; } =
        Environment.GetEnvironmentVariable("LONGCONTEXT_SHARED") is { Length: > 0 } named ? named
        : RepositoryRoot is { } root ? Path.GetFullPath(Path.Combine(root, "..", "shared"))
        : Path.Combine(AppContext.BaseDirectory, "shared");

    /// <summary>A path below <see cref="Shared"/>; the running test is skipped, with the reason, where it is absent.</summary>
    public static string RequireShared(params string[] parts)
    {
        string path = Path.Combine([Shared, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"{path} is not on this machine (set LONGCONTEXT_SHARED to the folder that holds it).");
        return path;
    }

    /// <summary>Sub-folders of a fixture folder as theory rows; one row that skips, with the reason, when there is none.</summary>
    public static IEnumerable<TheoryDataRow<string>> FixtureFolders(params string[] parts) =>
        Rows(parts, path => Directory.Exists(path) ? Directory.GetDirectories(path) : []);

    /// <summary>Files of a fixture folder as theory rows; one row that skips, with the reason, when there is none.</summary>
    public static IEnumerable<TheoryDataRow<string>> FixtureFiles(string pattern, params string[] parts) =>
        Rows(parts, path => Directory.Exists(path) ? Directory.GetFiles(path, pattern) : []);

    /// <summary>A fresh folder that goes away with the returned handle.</summary>
    public static TemporaryFolder NewTemporaryFolder() => new();

    private static IEnumerable<TheoryDataRow<string>> Rows(string[] parts, Func<string, string[]> list)
    {
        string path = Path.Combine([Fixtures, .. parts]);
        string[] found = list(path);
        Array.Sort(found, StringComparer.Ordinal);
        if (found.Length == 0)
        {
            yield return new TheoryDataRow<string>("none") { Skip = $"no case under {path}" };
            yield break;
        }

        foreach (string entry in found)
        {
            yield return new TheoryDataRow<string>(Path.GetFileName(entry));
        }
    }

    private static string? FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LongContext.sln"))) return folder.FullName;
        }

        return null;
    }
}
