namespace LongContext.Evaluation.Segmentation;

/// <summary>jieba's files where Debian's package or pip put them; they are not in the repository.</summary>
internal static class InstalledJieba
{
    private static readonly Lazy<JiebaSegmenter?> Loaded = new(() => Folder is null ? null : JiebaSegmenter.Load(Folder));

    /// <summary>The package's folder, or null.</summary>
    public static string? Folder { get; } = Folders().FirstOrDefault(folder => File.Exists(Path.Combine(folder, "dict.txt")) && Directory.Exists(Path.Combine(folder, "finalseg")));

    /// <summary>The segmenter, once for all tests; without the files the test is skipped.</summary>
    public static JiebaSegmenter Segmenter
    {
        get
        {
            if (Loaded.Value is null) Assert.Skip("jieba's dictionary is not on this machine: install Debian's python3-jieba, or name the package's folder in JIEBA_FOLDER.");
            return Loaded.Value!;
        }
    }

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("JIEBA_FOLDER") is { Length: > 0 } named) yield return named;
        foreach (string root in new[] { "/usr/lib", "/usr/local/lib" }.Where(Directory.Exists))
        {
            foreach (string python in Directory.EnumerateDirectories(root, "python3*").Order(StringComparer.Ordinal))
            {
                yield return Path.Combine(python, "dist-packages", "jieba");
                yield return Path.Combine(python, "site-packages", "jieba");
            }
        }
    }
}
