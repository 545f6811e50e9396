using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Temporary files that nobody will finish.</summary>
public class TemporaryFilesTests
{
    private static readonly TimeSpan LongAgo = TimeSpan.FromHours(2);

    [Fact]
    public void Write_BesideAKilledSave_TakesAwayWhatItLeftAndNotBefore()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using KilledSave other = new(folder.Path);
        string[] halfDone = Names(folder);
        Assert.Equal(["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "save-in-progress"], halfDone.Select(name => name[1..^37]));
        Age(folder, LongAgo);

        // It is alive: what it has written is whole or being written, however old.
        SafetensorsEntry[] entries = [SafetensorsEntry.Create<byte>("x", [1], new byte[] { 7 })];
        CheckpointWriter.Write(folder.Path, entries);
        AtomicFile.WriteAllText(folder["model-00001-of-00003.safetensors"], "of another save");
        Assert.Equal([.. halfDone, "model-00001-of-00003.safetensors", "model.safetensors"], Names(folder));

        other.Kill();
        Age(folder, LongAgo);
        CheckpointWriter.Write(folder.Path, entries);
        Assert.Equal(["model.safetensors"], Names(folder));
    }

    [Fact]
    public void Write_SoManyShards_HoldsOneFileForThemAllAndLeavesNone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "open files are counted in /proc");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        const int shards = 300;
        int open = 0, held = 0;
        SafetensorsEntry[] entries = [.. Enumerable.Range(0, shards).Select(number => new SafetensorsEntry($"x{number}", TensorDataType.UInt8, [1], stream =>
        {
            stream.Write([7]);
            if (number != shards - 1) return;
            string[] paths = [.. Directory.GetFiles("/proc/self/fd").Select(path => File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName ?? "").Where(path => path.StartsWith(folder.Path, StringComparison.Ordinal))];
            (open, held) = (paths.Length, paths.Count(path => path.Contains("save-in-progress", StringComparison.Ordinal)));
        }))];
        CheckpointWriter.Write(folder.Path, entries, maximumShardBytes: 1);
        Assert.Equal((2, 1), (open, held)); // the shard that is being written, and what stands for the others
        Assert.Equal(shards + 1, Names(folder).Length);
        Assert.DoesNotContain(Names(folder), name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    [Fact]
    public void StagedSave_OfADeadProcess_GoesWithItsFiles()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string dead = TemporaryFiles.NewId(), emptied = TemporaryFiles.NewId();
        foreach (string id in new[] { dead, emptied }) File.WriteAllText(folder[TemporaryFiles.NameFor("save-in-progress", id)], "");
        File.WriteAllText(folder[TemporaryFiles.NameFor("a.txt", dead)], "half");
        using StagedSave alive = new(folder.Path, name => name is "a.txt" or "b.txt");
        alive.Add("a.txt", stream => stream.Write("alive"u8));
        Assert.Equal(5, Names(folder).Length); // all are young

        Age(folder, LongAgo);
        using (StagedSave next = new(folder.Path, name => name == "a.txt"))
        {
            Assert.Equal(3, Names(folder).Length);
            Assert.True(File.Exists(alive.Files[0].TemporaryPath));
        }

        alive.Commit();
        alive.Dispose();
        Assert.Equal(["a.txt"], Names(folder));
        Assert.Equal("alive", File.ReadAllText(folder["a.txt"]));
    }

    [Fact]
    public void Write_LeftoversOfOtherFilesOrOfJustNow_Stay()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string id = new('7', 32);
        string[] kept = [$".b.txt.{id}.tmp", ".a.txt.tmp", $".a.txt.{id[1..]}.tmp", $".a.txt.{id}.tmp.x", $"a.txt.{id}.tmp", "notes"];
        foreach (string name in kept) File.WriteAllText(folder[name], "");
        File.WriteAllText(folder[$".a.txt.{id}.tmp"], "half");
        Age(folder, LongAgo);
        string young = $".a.txt.{new string('8', 32)}.tmp";
        File.WriteAllText(folder[young], "half");

        AtomicFile.WriteAllText(folder["a.txt"], "whole");
        Assert.Equal(((string[])[.. kept, young, "a.txt"]).Order(StringComparer.Ordinal), Names(folder));
        Age(folder, LongAgo);
        AtomicFile.WriteAllText(folder["a.txt"], "whole");
        Assert.Equal(((string[])[.. kept, "a.txt"]).Order(StringComparer.Ordinal), Names(folder));
    }

    [Fact]
    public void Stage_FileThatWaitsForItsPlace_IsHeldUntilItHasIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using StagedFile first = AtomicFile.Stage(folder["a.txt"], stream => stream.Write("first"u8)), second = AtomicFile.Stage(folder["a.txt"], stream => stream.Write("second"u8));
        Age(folder, LongAgo);
        AtomicFile.WriteAllText(folder["a.txt"], "third");
        Assert.True(File.Exists(first.TemporaryPath) && File.Exists(second.TemporaryPath));

        first.Commit();
        Assert.Equal("first", File.ReadAllText(folder["a.txt"]));
        second.Dispose();
        Assert.Equal(["a.txt"], Names(folder));
        using FileStream alone = new(folder["a.txt"], FileMode.Open, FileAccess.ReadWrite, FileShare.None); // nobody holds it any more
    }

    private static string[] Names(TemporaryFolder folder) => [.. Directory.GetFiles(folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static void Age(TemporaryFolder folder, TimeSpan age)
    {
        foreach (string path in Directory.GetFiles(folder.Path)) File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
    }
}
