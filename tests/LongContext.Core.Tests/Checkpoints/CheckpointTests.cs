using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Folders of weights: single file, shards and index, written and read.</summary>
public class CheckpointTests
{
    private const string Single = "model.safetensors";
    private const string Index = "model.safetensors.index.json";

    [Fact]
    public void Write_WithinOneShard_MakesTheSingleFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        CheckpointWriter.Write(folder["new/model"], Tensors(4));

        AssertHolds(folder["new/model"], 4);
        Assert.Equal([Single], Names(folder["new/model"]));
    }

    [Fact]
    public void Write_BeyondOneShard_MakesShardsAndIndex()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();

        // 40 bytes each: two fit in 100.
        CheckpointWriter.Write(folder.Path, Tensors(5), maximumShardBytes: 100);

        AssertHolds(folder.Path, 5);
        Assert.Equal(
            ["model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors", Index],
            Names(folder.Path));
        JsonNode index = JsonNode.Parse(File.ReadAllText(folder[Index]))!;
        Assert.Equal(200, (long)index["metadata"]!["total_size"]!);
        Assert.Equal(5, index["weight_map"]!.AsObject().Count);
        Assert.Equal("model-00002-of-00003.safetensors", (string?)index["weight_map"]!["tensor.2"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(39)]
    public void Write_TensorLargerThanAShard_GetsItsOwn(long maximum)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        CheckpointWriter.Write(folder.Path, Tensors(3), maximum);

        AssertHolds(folder.Path, 3);
        Assert.Equal(4, Names(folder.Path).Length);
    }

    [Fact]
    public void Write_OverAnEarlierSave_RemovesWhatIsNoLongerPartAndNothingElse()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string[] others = ["config.json", "model-1-of-2.safetensors", "optimizer.safetensors", "tokenizer.json"];
        foreach (string other in others) File.WriteAllText(folder[other], "kept");
        foreach ((int count, long maximum) in new[] { (4, 1_000L), (6, 40L), (6, 90L), (5, 1_000L), (3, 80L), (3, 80L), (1, 1L) })
        {
            CheckpointWriter.Write(folder.Path, Tensors(count), maximum);
            AssertHolds(folder.Path, count);
            string[] weights = [.. Names(folder.Path).Except(others)];
            Assert.True(weights is [Single] || (weights.Contains(Index) && !weights.Contains(Single)));
            Assert.Equal(weights is [Single] ? 1 : Shards(folder.Path) + 1, weights.Length);
        }

        Assert.All(others, other => Assert.Equal("kept", File.ReadAllText(folder[other])));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(80)]
    [InlineData(40)]
    public void Write_FailureInTheLastTensor_LeavesTheEarlierSave(long maximum)
    {
        foreach (long earlier in new[] { 1_000L, 80L })
        {
            using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
            CheckpointWriter.Write(folder.Path, Tensors(4), earlier);
            string[] before = Names(folder.Path);
            SafetensorsEntry failing = new("z", TensorDataType.UInt8, [40], _ => throw new IOException("No space left on device"));

            Assert.Throws<IOException>(() => CheckpointWriter.Write(folder.Path, [.. Tensors(6), failing], maximum));

            Assert.Equal(before, Names(folder.Path));
            AssertHolds(folder.Path, 4);
        }
    }

    [Fact]
    public void Write_FaultyArguments_Throw()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();

        Assert.Throws<ArgumentOutOfRangeException>(() => CheckpointWriter.Write(folder.Path, Tensors(1), 0));
        Assert.Throws<ArgumentException>(() => CheckpointWriter.Write(folder.Path, [.. Tensors(1), .. Tensors(1)], 1));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Open_BothForms_TheSingleFileWins()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        CheckpointWriter.Write(folder.Path, Tensors(3), 40);
        SafetensorsWriter.Write(folder[Single], Tensors(1));

        AssertHolds(folder.Path, 1);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("sub/model.safetensors")]
    [InlineData("./model-00001-of-00002.safetensors")]
    [InlineData("..\\..\\windows\\system.ini")]
    [InlineData("C:evil.safetensors")]
    [InlineData("a\0b")]
    public void Open_IndexNamesAPath_Throws(string shard) => AssertIndexFault(
        new JsonObject { ["weight_map"] = new JsonObject { ["w"] = shard } }.ToJsonString(), "tensor 'w'", "expected the name of a file in the same folder");

    [Theory]
    [InlineData("""{"weight_map": {"w": 5}}""", "said to be in 5")]
    [InlineData("""{"weight_map": {"w": null}}""", "said to be in null")]
    [InlineData("""{"weight_map": ["w"]}""", "'weight_map' must be an object")]
    [InlineData("""{"metadata": {}}""", "'weight_map' must be an object")]
    [InlineData("""{"weight_map": {"w": "a.safetensors", "w": "b.safetensors"}}""", "not valid JSON")]
    [InlineData("""{"weight_map": {"w": "a.safetensors"}""", "not valid JSON")]
    [InlineData("""[]""", "expected one JSON object")]
    [InlineData("""{"weight_map": {"w": "model-00001-of-00002.safetensors"}}""", "'model-00001-of-00002.safetensors', which is not in the folder")]
    [InlineData("""{"weight_map": {"tensor.9": "good.safetensors"}}""", "'tensor.9' is said to be in 'good.safetensors', which does not hold it")]
    public void Open_IndexThatDoesNotFit_Throws(string index, string expected) => AssertIndexFault(index, expected);

    [Fact]
    public void Open_DamagedShard_ThrowsNamingIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        CheckpointWriter.Write(folder.Path, Tensors(4), 80);
        string shard = folder["model-00002-of-00002.safetensors"];
        File.WriteAllBytes(shard, File.ReadAllBytes(shard)[..^1]);

        string message = Assert.Throws<CheckpointFormatException>(() => CheckpointReader.Open(folder.Path)).Message;

        Assert.StartsWith(shard, message, StringComparison.Ordinal);
        Assert.Contains("truncated", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoWeights_ThrowsNamingTheFilesLookedFor()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["pytorch_model.bin"], "a pickle, never read");

        string message = Assert.Throws<CheckpointFormatException>(() => CheckpointReader.Open(folder.Path)).Message;

        Assert.Contains(Single, message, StringComparison.Ordinal);
        Assert.Contains(Index, message, StringComparison.Ordinal);
        Assert.Throws<DirectoryNotFoundException>(() => CheckpointReader.Open(folder["absent"]));
    }

    [Fact]
    public void TryFind_UnknownTensorOrDisposedReader_FalseOrThrows()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        CheckpointWriter.Write(folder.Path, Tensors(1));
        CheckpointReader reader = CheckpointReader.Open(folder.Path);

        Assert.False(reader.TryFind("absent", out SafetensorsFile? file, out TensorInfo? info));
        Assert.Null(file);
        Assert.Null(info);
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.TryFind("tensor.0", out _, out _));
    }

    [Fact]
    public void Write_RandomTensorsAndShardSizes_RoundTripBitIdentical()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Random random = new(17);
        for (int round = 0; round < 60; round++)
        {
            SafetensorsEntry[] entries =
                [.. Enumerable.Range(0, random.Next(0, 12)).Select(i => SafetensorsWriterTests.RandomEntry(random, $"t{i}"))];
            CheckpointWriter.Write(folder.Path, entries, random.Next(1, 400));
            using CheckpointReader reader = CheckpointReader.Open(folder.Path);
            Assert.Equal(entries.Length, reader.TensorNames.Count);
            foreach (SafetensorsEntry entry in entries)
            {
                Assert.True(reader.TryFind(entry.Name, out SafetensorsFile? file, out TensorInfo? info));
                Assert.Equal(entry.DataType, info.DataType);
                Assert.Equal(entry.Shape, info.Shape);
                using MemoryStream expected = new();
                entry.WriteTo(expected);
                Assert.Equal(expected.ToArray(), file.GetBytes(entry.Name).ToArray());
            }
        }
    }

    private static SafetensorsEntry[] Tensors(int count) =>
        [.. Enumerable.Range(0, count).Select(i => SafetensorsEntry.Create<float>($"tensor.{i}", [2, 5], Values(i)))];

    private static float[] Values(int tensor) => [.. Enumerable.Range(0, 10).Select(i => (tensor * 100f) + i)];

    private static void AssertHolds(string folder, int count)
    {
        using CheckpointReader reader = CheckpointReader.Open(folder);
        Assert.Equal(folder, reader.Folder);
        Assert.Equal(count, reader.TensorNames.Count);
        for (int i = 0; i < count; i++)
        {
            Assert.True(reader.TryFind($"tensor.{i}", out SafetensorsFile? file, out TensorInfo? info));
            Assert.Equal([2, 5], info.Shape);
            Assert.Equal(Values(i), file.ReadArray<float>(info.Name));
        }
    }

    private static void AssertIndexFault(string index, params string[] parts)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(folder["good.safetensors"], Tensors(1));
        File.WriteAllText(folder[Index], index);
        string message = Assert.Throws<CheckpointFormatException>(() => CheckpointReader.Open(folder.Path)).Message;
        Assert.StartsWith(folder[Index], message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static int Shards(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, Index)))!["weight_map"]!
        .AsObject().Select(pair => (string)pair.Value!).Distinct().Count();

    private static string[] Names(string folder) =>
        [.. Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
