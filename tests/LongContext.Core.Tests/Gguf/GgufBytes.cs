using LongContext.Checkpoints;
using LongContext.Gguf;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Gguf;

/// <summary>GGUF files for the tests, sound or not.</summary>
internal static class GgufBytes
{
    /// <summary>Metadata of every type and two tensors.</summary>
    public static byte[] Sample()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        GgufWriter.Write(folder["x.gguf"], Metadata(), [
            GgufTensorEntry.Create("a", GgufTensorType.Float32, [2, 3], [1, 2, 3, 4, 5, 6]),
            GgufTensorEntry.Create("b", GgufTensorType.Q8_0, [1, 32], [.. Enumerable.Range(0, 32).Select(i => (float)i)]),
        ]);
        return File.ReadAllBytes(folder["x.gguf"]);
    }

    public static GgufMetadata Metadata()
    {
        var metadata = new GgufMetadata();
        object[] values =
        [
            (byte)1, (sbyte)-1, (ushort)2, (short)-2, 3u, -3, 1.5f, true, "Ĝ text", 4ul, -4L, 2.5,
            new[] { "a", "", "▁b" }, new[] { 1.5f, -2 }, new[] { 1, -1 }, new[] { true, false }, Array.Empty<ulong>(),
        ];
        foreach (object value in values) metadata.Set($"test.value{metadata.Count}", value);
        return metadata;
    }

    /// <summary>Opens the bytes as a file; the message of the fault must name the file and hold the parts.</summary>
    public static void AssertFault(byte[] file, params string[] parts)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.gguf"], file);
        string message = Assert.Throws<CheckpointFormatException>(() => GgufFile.Open(folder["x.gguf"])).Message;
        Assert.StartsWith(folder["x.gguf"], message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.True(message.Length < 2_000);
    }
}
