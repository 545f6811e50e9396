using LongContext.TestSupport;

namespace LongContext.Data.Reading;

public sealed class DataFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public DataFilesTests()
    {
        foreach (string name in (string[])[
            "b.jsonl", "a.jsonl", "B.jsonl", "10.jsonl", "9.jsonl", "é.txt", "note.md", "readme", "picture.png", "a[1].jsonl",
            "deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst", "deep/val.jsonl", "deep-er/t.parquet", ".hidden/a.jsonl", "deep/.cache/a.jsonl", "deep/.part.jsonl"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
            File.WriteAllText(folder[name], "");
        }

        Directory.CreateDirectory(folder["empty"]);
    }

    public static TheoryData<string[], string[]> Cases => new()
    {
        { ["b.jsonl"], ["b.jsonl"] },
        { ["*.jsonl"], ["10.jsonl", "9.jsonl", "B.jsonl", "a.jsonl", "a[1].jsonl", "b.jsonl"] },
        { ["a[1].jsonl"], ["a[1].jsonl"] },
        { ["deep/**/*.jsonl*"], ["deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst", "deep/val.jsonl"] },
        { ["**/a.jsonl*"], ["a.jsonl", "deep/a.jsonl", "deep/er/a.jsonl.gz"] },
        { ["*/er/*"], ["deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst"] },
        // '-' (45) is less than '/' (47): the order of whole paths.
        { ["deep", "deep-er"], ["deep-er/t.parquet", "deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst", "deep/val.jsonl"] },
        { ["deep/", "./deep/er/../a.jsonl", "deep/*.jsonl", "deep/a.jsonl"], ["deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst", "deep/val.jsonl"] },
        { ["."], ["10.jsonl", "9.jsonl", "B.jsonl", "a.jsonl", "a[1].jsonl", "b.jsonl", "deep-er/t.parquet", "deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/er/c.jsonl.zst", "deep/val.jsonl", "note.md", "é.txt"] },
        { ["*"], ["10.jsonl", "9.jsonl", "B.jsonl", "a.jsonl", "a[1].jsonl", "b.jsonl", "note.md", "picture.png", "readme", "é.txt"] },
        { [".hidden"], [".hidden/a.jsonl"] },
        { [".hidden/*"], [".hidden/a.jsonl"] },
        { ["deep/.*.jsonl"], ["deep/.part.jsonl"] },
        { ["!val.jsonl", "deep/*.jsonl"], ["deep/a.jsonl"] },
        { ["deep", "!*.gz", "!deep/val*"], ["deep/a.jsonl", "deep/er/c.jsonl.zst"] },
        { ["deep", "!**/er/*.zst"], ["deep/a.jsonl", "deep/er/a.jsonl.gz", "deep/val.jsonl"] },
        { ["deep", "!er"], ["deep/a.jsonl", "deep/val.jsonl"] },
        { ["deep", "!deep/er/"], ["deep/a.jsonl", "deep/val.jsonl"] },
        { ["deep", "!deep/*/*"], ["deep/a.jsonl", "deep/val.jsonl"] },
        { ["a.jsonl", "!nothing"], ["a.jsonl"] },
        { ["a.jsonl", "b.jsonl", "!A.jsonl"], ["a.jsonl", "b.jsonl"] },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Find_Patterns_GiveEachFileOnceInOrder(string[] patterns, string[] expected)
    {
        string[] full = [.. expected.Select(name => folder[name])];
        Assert.Equal(full, DataFiles.Find(patterns, folder.Path));
        Assert.Equal(full, DataFiles.Find([.. patterns.Reverse()], folder.Path));
        // The same patterns as absolute ones.
        string[] absolute = [.. patterns.Select(pattern => pattern[0] != '!' ? folder[pattern] : pattern.Contains('/', StringComparison.Ordinal) && pattern[1] != '*' ? "!" + folder[pattern[1..]] : pattern)];
        Assert.Equal(full, DataFiles.Find(absolute));
    }

    [Fact]
    public void Find_PatternsThatMatchNothing_AreAllListed()
    {
        string message = Assert.Throws<FileNotFoundException>(() => DataFiles.Find(["a.jsonl", "x/*.jsonl", "*.csv", "nowhere", "empty", "a?.jsonl"], folder.Path)).Message;
        foreach (string part in (string[])[$"x/*.jsonl (there is no folder {folder["x"]})", "*.csv (nothing matches)", "nowhere (no such file or folder)", "empty (a folder without a file of a known form)", "a?.jsonl (no such file or folder; the wildcards are * and ** alone)"])
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain("a.jsonl;", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_NothingLeft_SaysWhy()
    {
        Assert.Contains("Every one of the 2 files found is excluded by: *.jsonl", Assert.Throws<FileNotFoundException>(() => DataFiles.Find(["a.jsonl", "b.jsonl", "!*.jsonl"], folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("patterns", () => DataFiles.Find(["!*.jsonl"]));
        Assert.Throws<ArgumentException>("patterns", () => DataFiles.Find([]));
        Assert.Throws<ArgumentException>("patterns", () => DataFiles.Find(["a", " "]));
    }

    [Fact]
    public void Find_AFileWithAStarInItsName_IsThatFile()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "names with stars are Unix's");
        File.WriteAllText(folder["*.txt"], "");
        Assert.Equal([folder["*.txt"]], DataFiles.Find(["*.txt"], folder.Path));
    }

    [Fact]
    public void Find_AFolderThatLinksToOneAboveIt_GivesEachFileOnce()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Directory.CreateDirectory(folder["links/b"]);
        File.WriteAllText(folder["links/a.jsonl"], "");
        File.WriteAllText(folder["links/b/c.jsonl"], "");
        Directory.CreateSymbolicLink(folder["links/b/up"], folder["links"]);
        // Two of them would be a tree of forty levels.
        Directory.CreateSymbolicLink(folder["links/b/up2"], folder["links"]);
        Directory.CreateSymbolicLink(folder["links/here"], ".");
        string[] expected = [folder["links/a.jsonl"], folder["links/b/c.jsonl"]];
        Assert.Equal(expected, DataFiles.Find([folder["links"]]));
        Assert.Equal(expected, DataFiles.Find([folder["links/**/*.jsonl"]]));

        // A link to a folder elsewhere, or to a file, is followed.
        Directory.CreateDirectory(folder["more"]);
        Directory.CreateDirectory(folder["elsewhere"]);
        File.WriteAllText(folder["elsewhere/d.jsonl"], "");
        Directory.CreateSymbolicLink(folder["more/linked"], folder["elsewhere"]);
        File.CreateSymbolicLink(folder["more/file.jsonl"], folder["links/a.jsonl"]);
        Assert.Equal([folder["more/file.jsonl"], folder["more/linked/d.jsonl"]], DataFiles.Find([folder["more"]]));
    }

    [Fact]
    public void Find_AFileThatLinksGiveSeveralNames_IsFoundOnceByTheFirst()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a privilege there");
        Directory.CreateDirectory(folder["data/2024-01/part"]);
        File.WriteAllText(folder["data/2024-01/a.jsonl"], "");
        File.WriteAllText(folder["data/2024-01/part/b.jsonl"], "");
        File.WriteAllText(folder["data/same.jsonl"], "");
        Directory.CreateSymbolicLink(folder["data/latest"], folder["data/2024-01"]);
        File.CreateSymbolicLink(folder["data/z.jsonl"], folder["data/latest/a.jsonl"]);
        Directory.CreateSymbolicLink(folder["data/0"], folder["data/2024-01/part"]);
        string[] once = [folder["data/0/b.jsonl"], folder["data/2024-01/a.jsonl"], folder["data/same.jsonl"]];
        Assert.Equal(once, DataFiles.Find([folder["data"]]));
        Assert.Equal(once, DataFiles.Find([folder["data/**/*.jsonl"], folder["data/z.jsonl"]]));
        // A name that is taken away does not take the file with it.
        Assert.Equal([folder["data/2024-01/part/b.jsonl"]], DataFiles.Find([folder["data/**/b.jsonl"], $"!{folder["data/0"]}"]));
        Assert.Equal([folder["data/latest/a.jsonl"]], DataFiles.Find([folder["data/latest/*.jsonl"]]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Shard_AllWorkers_HaveEachFileOnceAndAboutAsMuch(int count)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string[] files = [.. Enumerable.Range(0, 20).Select(i => folder[$"{i:00}.txt"])];
        for (int i = 0; i < files.Length; i++) File.WriteAllText(files[i], new string('x', i < 2 ? 0 : 100 * (1 + (i * 7 % 10))));
        IReadOnlyList<string>[] parts = [.. Enumerable.Range(0, count).Select(worker => DataFiles.Shard(files, worker, count))];
        Assert.Equal(files, parts.SelectMany(part => part).Order(StringComparer.Ordinal));
        Assert.All(parts, part => Assert.Equal(part.Order(StringComparer.Ordinal), part));
        long[] sizes = [.. parts.Select(part => part.Sum(file => new FileInfo(file).Length))];
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 1000); // the largest file
        Assert.Throws<ArgumentException>(() => DataFiles.Shard(files, 0, 21));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataFiles.Shard(files, count, count));
    }

    [Fact]
    public void Shard_OneLargeFile_LeavesTheSmallOnesToTheOther()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string[] files = [.. Enumerable.Range(0, 9).Select(i => folder[$"{i}.txt"])];
        for (int i = 0; i < files.Length; i++) File.WriteAllText(files[i], new string('x', i == 4 ? 1000 : 100));
        Assert.Equal([files[4]], DataFiles.Shard(files, 0, 2));
        Assert.Equal(files.Where((_, i) => i != 4), DataFiles.Shard(files, 1, 2));
    }
}
