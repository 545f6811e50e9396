using System.Buffers.Binary;
using System.Text;
using LongContext.Gguf;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Gguf;

/// <summary>Damaged and hostile GGUF files: each a clear fault, nothing read outside the file, nothing large made.</summary>
public sealed class GgufHostileTests
{
    [Fact]
    public void Open_SampleCutAnywhere_Throws()
    {
        byte[] whole = GgufBytes.Sample();
        // The padding after the last tensor may be missing.
        for (int length = 0; length < whole.Length - 30; length++) GgufBytes.AssertFault(whole[..length]);
    }

    [Fact]
    public void Open_AnyByteChanged_ThrowsOrReads()
    {
        byte[] whole = GgufBytes.Sample();
        var random = new Random(8);
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        for (int i = 0; i < whole.Length - 98; i++)
        {
            byte[] changed = [.. whole];
            changed[i] = (byte)random.Next(256);
            File.WriteAllBytes(folder["x.gguf"], changed);
            try
            {
                GgufFile file = GgufFile.Open(folder["x.gguf"]);
                foreach (GgufTensorInfo tensor in file.Tensors.Where(tensor => tensor.ByteLength is not null)) file.ReadSingles(tensor.Name);
            }
            catch (LongContext.Checkpoints.CheckpointFormatException)
            {
                // The other outcome that is right.
            }
        }
    }

    [Theory]
    [InlineData(0, "GGML", "does not begin with 'GGUF'")]
    [InlineData(4, "\u0001\0\0\0", "the version is 1, expected 2 or 3")]
    [InlineData(4, "\0\0\0\u0003", "big endian")]
    public void Open_OtherBeginning_Throws(int at, string bytes, string expected)
    {
        byte[] file = GgufBytes.Sample();
        Encoding.Latin1.GetBytes(bytes).CopyTo(file, at);
        GgufBytes.AssertFault(file, expected);
    }

    [Theory]
    [InlineData(8, "tensors")]
    [InlineData(16, "metadata values")]
    [InlineData(24, "bytes of a metadata key")]
    public void Open_CountBeyondTheFile_Throws(int at, string what)
    {
        foreach (ulong count in new[] { 10_000ul, 1ul << 40, 1ul << 63, ulong.MaxValue })
        {
            byte[] file = GgufBytes.Sample();
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), count);
            GgufBytes.AssertFault(file, $"there would be {count} {what}");
        }
    }

    [Fact]
    public void Open_HeadersByHand_Throw()
    {
        GgufBytes.AssertFault(Header(0, 2, Value("a", 4, [1, 0, 0, 0]), Value("a", 4, [1, 0, 0, 0])), "'a' is there twice");
        GgufBytes.AssertFault(Header(0, 1, Value("a", 13, new byte[8])), "'a' is of type 13");
        GgufBytes.AssertFault(Header(0, 1, Value("a", 9, [13, 0, 0, 0, .. new byte[8]])), "'a' is an array of type 13");
        GgufBytes.AssertFault(Header(0, 1, Value("a", 9, [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255])), "elements of 'a'");
        GgufBytes.AssertFault(Header(0, 1, Value("general.alignment", 4, [7, 0, 0, 0])), "'general.alignment' is 7");
        GgufBytes.AssertFault(Header(0, 1, Value("general.alignment", 4, [0, 0, 0, 0])), "'general.alignment' is 0");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [], 0, 0)), "'t' has 0 dimensions");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [1, 1, 1, 1, 1], 0, 0)), "'t' has 5 dimensions");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [ulong.MaxValue], 0, 0)), "'t' has shape");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [1ul << 40, 1ul << 40], 0, 0)), "'t' has shape");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [31], 8, 0)), "'t' has shape [31], which Q8_0 cannot have");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [1], 0, 3)), "'t' begins at 3");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [1], 0, ulong.MaxValue)), "'t' begins at");
        GgufBytes.AssertFault(Header(1, 0, Tensor("t", [1ul << 32], 0, 0)), "'t' would end beyond the file's");
        GgufBytes.AssertFault(Header(2, 0, Tensor("t", [1], 0, 0), Tensor("t", [1], 0, 0)), "'t' is there twice");
    }

    [Fact]
    public void Open_ArraysOfArraysAndOddKeys_ArePassedOver()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        byte[] nested = Array(9, Array(8, Text("one"), Text("")), Array(5, BitConverter.GetBytes(7)), Array(9, Array(12)));
        byte[][] values =
        [
            Value("first", 4, [1, 0, 0, 0]), Value("nested", 9, nested), Value("with space", 8, Text("skipped")), Value("", 9, nested), Value("odd\t", 10, new byte[8]),
            Value("odd\u007F", 7, [1]), Value("last", 8, Text("kept")),
        ];
        File.WriteAllBytes(folder["x.gguf"], Header(1, 7, [.. values, Tensor("t", [1], 0, 0)]));
        GgufFile file = GgufFile.Open(folder["x.gguf"]);
        Assert.Equal([new("first", 1u), new KeyValuePair<string, object>("last", "kept")], file.Metadata);
        Assert.Equal("t", file.Tensors.Single().Name);
    }

    [Fact]
    public void Open_BrokenValuesThatArePassedOver_Throw()
    {
        byte[] many = [9, 0, 0, 0, .. BitConverter.GetBytes(1ul << 40)], deep = [.. Enumerable.Repeat<byte[]>([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], 100_000).SelectMany(level => level)];
        GgufBytes.AssertFault(Header(0, 1, Value("a", 9, many)), "elements of 'a'");
        GgufBytes.AssertFault(Header(0, 1, Value("a", 9, deep)), "more than 16 deep");
        GgufBytes.AssertFault(Header(0, 1, Value("a b", 9, deep)), "more than 16 deep");
        GgufBytes.AssertFault(Header(0, 1, Value("a", 9, Array(9, Array(13)))), "array of type 13");
        GgufBytes.AssertFault(Header(0, 1, Value("a b", 13, new byte[8])), "'a b' is of type 13");
        GgufBytes.AssertFault(Header(0, 1, Value("a b", 8, BitConverter.GetBytes(ulong.MaxValue))), "bytes of 'a b'");
        GgufBytes.AssertFault(Header(0, 1, Value("a b", 9, [12, 0, 0, 0, .. BitConverter.GetBytes(ulong.MaxValue)])), "elements of 'a b'");
        GgufBytes.AssertFault(Header(0, 1, Value(new string(' ', 100_000), 13, new byte[8])), "is of type 13");
        GgufBytes.AssertFault(Header(0, 1, Value("a b", 12, []))[..^30], "ends within its header");
    }

    [Fact]
    public void Open_TypeThatIsNotDecoded_IsListedOnly()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.gguf"], [.. Header(1, 0, Tensor("t", [256], 12, 0)), .. new byte[200]]);
        GgufFile file = GgufFile.Open(folder["x.gguf"]);
        Assert.Equal(new GgufTensorInfo("t", (GgufTensorType)12, [256], 0, null), file.Tensors.Single());
        Assert.Throws<NotSupportedException>(() => file.ReadBytes("t"));
        Assert.Throws<LongContext.Checkpoints.CheckpointFormatException>(() => file.ReadBytes("u"));
    }

    private static byte[] Header(ulong tensors, ulong values, params byte[][] parts) =>
        [.. "GGUF"u8, 3, 0, 0, 0, .. BitConverter.GetBytes(tensors), .. BitConverter.GetBytes(values), .. parts.SelectMany(part => part), .. new byte[32]];

    private static byte[] Value(string key, uint type, byte[] value) => [.. Text(key), .. BitConverter.GetBytes(type), .. value];

    private static byte[] Array(uint type, params byte[][] elements) => [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes((ulong)elements.Length), .. elements.SelectMany(element => element)];

    private static byte[] Tensor(string name, ulong[] sizes, uint type, ulong offset) =>
    [
        .. Text(name), .. BitConverter.GetBytes((uint)sizes.Length), .. sizes.SelectMany(BitConverter.GetBytes),
        .. BitConverter.GetBytes(type), .. BitConverter.GetBytes(offset),
    ];

    private static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)text.Length), .. Encoding.ASCII.GetBytes(text)];
}
