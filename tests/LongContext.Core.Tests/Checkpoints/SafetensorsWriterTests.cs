using System.Text;
using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public class SafetensorsWriterTests
{
    public static IEnumerable<TheoryDataRow<string>> FixtureFiles()
    {
        string root = Path.Combine(TestPaths.Fixtures, "hf");
        string[] files = Directory.Exists(root) ? Directory.GetFiles(root, "*.safetensors", SearchOption.AllDirectories) : [];
        if (files.Length == 0) return [new TheoryDataRow<string>("none") { Skip = $"no safetensors file under {root}" }];
        return files.Order(StringComparer.Ordinal).Select(file => new TheoryDataRow<string>(Path.GetRelativePath(root, file)));
    }

    [Theory]
    [Trait(FixtureTraits.Name, FixtureTraits.Models)]
    [MemberData(nameof(FixtureFiles))]
    public void Write_FileOfFixtureReadAndWritten_LoadsIdentical(string name)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using SafetensorsFile original = SafetensorsFile.Open(Path.Combine(TestPaths.Fixtures, "hf", name));

        SafetensorsWriter.Write(folder["copy.safetensors"], Entries(original), original.Metadata);

        using SafetensorsFile copy = SafetensorsFile.Open(folder["copy.safetensors"]);
        AssertSame(original, copy);
        Assert.Equal(original.Metadata, copy.Metadata);
    }

    [Fact]
    public void Write_TwoTensors_GivesTheBytesOtherWritersGive()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(folder["x"],
        [
            SafetensorsEntry.Create<byte>("a", [3], new byte[] { 1, 2, 3 }),
            SafetensorsEntry.Create<ushort>("b.weight", [1, 2], new ushort[] { 0x0504, 0x0706 }),
        ]);

        const string Header =
            """{"__metadata__":{"format":"pt"},"b.weight":{"dtype":"U16","shape":[1,2],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}""";
        int padded = (Header.Length + 7) / 8 * 8;
        byte[] expected = [.. BitConverter.GetBytes((long)padded), .. Encoding.ASCII.GetBytes(Header.PadRight(padded)), 4, 5, 6, 7, 1, 2, 3];
        Assert.Equal(expected, File.ReadAllBytes(folder["x"]));
    }

    [Fact]
    public void Write_EveryDotNetType_ReadsBack()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string path = folder["x.safetensors"];
        SafetensorsWriter.Write(path,
        [
            SafetensorsEntry.Create<double>("f64", [2], new[] { double.NaN, -0.0 }),
            SafetensorsEntry.Create<float>("f32", [1, 3], new[] { 1.5f, float.NegativeInfinity, float.Epsilon }),
            SafetensorsEntry.Create<Half>("f16", [1], new[] { (Half)0.5f }),
            SafetensorsEntry.Create<long>("i64", [1], new[] { long.MinValue }),
            SafetensorsEntry.Create<int>("i32", [1], new[] { int.MinValue }),
            SafetensorsEntry.Create<short>("i16", [1], new[] { short.MinValue }),
            SafetensorsEntry.Create<sbyte>("i8", [3], new sbyte[] { -128, 0, 127 }),
            SafetensorsEntry.Create<ulong>("u64", [1], new[] { ulong.MaxValue }),
            SafetensorsEntry.Create<uint>("u32", [1], new[] { uint.MaxValue }),
            SafetensorsEntry.Create<ushort>("u16", [1], new[] { ushort.MaxValue }),
            SafetensorsEntry.Create<byte>("u8", [1], new byte[] { 255 }),
            SafetensorsEntry.Create<bool>("bool", [2], new[] { true, false }),
            new SafetensorsEntry("bf16", TensorDataType.BFloat16, [1], stream => stream.Write([0x80, 0x3F])),
            SafetensorsEntry.Create<float>("scalar", [], new[] { 42f }),
            SafetensorsEntry.Create<float>("empty", [0, 5], ReadOnlyMemory<float>.Empty),
        ]);

        using SafetensorsFile file = SafetensorsFile.Open(path);

        Assert.Equal(15, file.Tensors.Count);
        Assert.Equal(
            [double.NaN, -0.0], file.ReadArray<double>("f64"), (a, b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b));
        Assert.Equal([1.5f, float.NegativeInfinity, float.Epsilon], file.ReadArray<float>("f32"));
        Assert.Equal([(Half)0.5f], file.ReadArray<Half>("f16"));
        Assert.Equal([long.MinValue], file.ReadArray<long>("i64"));
        Assert.Equal([int.MinValue], file.ReadArray<int>("i32"));
        Assert.Equal([short.MinValue], file.ReadArray<short>("i16"));
        Assert.Equal([-128, 0, 127], file.ReadArray<sbyte>("i8"));
        Assert.Equal([ulong.MaxValue], file.ReadArray<ulong>("u64"));
        Assert.Equal([uint.MaxValue], file.ReadArray<uint>("u32"));
        Assert.Equal([ushort.MaxValue], file.ReadArray<ushort>("u16"));
        Assert.Equal([255], file.ReadArray<byte>("u8"));
        Assert.Equal([true, false], file.ReadArray<bool>("bool"));
        Assert.Equal([0x3F80], file.ReadArray<ushort>("bf16"));
        Assert.Equal([42f], file.ReadArray<float>("scalar"));
        Assert.Empty(file.Tensors["scalar"].Shape);
        Assert.Equal([0, 5], file.Tensors["empty"].Shape);
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void Write_EachTensor_IsAlignedToItsElements()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Random random = new(11);
        for (int round = 0; round < 50; round++)
        {
            SafetensorsWriter.Write(folder["x.safetensors"], [.. Enumerable.Range(0, random.Next(1, 20)).Select(i => RandomEntry(random, $"t{i}"))]);
            byte[] bytes = File.ReadAllBytes(folder["x.safetensors"]);
            long header = BitConverter.ToInt64(bytes);
            Assert.Equal(0, header % 8);
            using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);
            Assert.All(file.Tensors.Values, info => Assert.Equal(0, info.Offset % info.DataType.ByteSize()));
        }
    }

    [Fact]
    public void Write_SameTensorsInAnyOrder_SameBytes()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Random random = new(5);
        List<SafetensorsEntry> entries = [.. Enumerable.Range(0, 10).Select(i => RandomEntry(random, $"t{i}"))];
        SafetensorsWriter.Write(folder["a"], entries);
        entries.Reverse();
        SafetensorsWriter.Write(folder["b"], entries);

        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
    }

    [Fact]
    public void Write_NamesOfAnyText_ReadBack()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string[] names = ["a\"b", "back\\slash", "ünïcödé", "\U0001F600", "tab\t", " ", "model.layers.0.mlp", "__metadata"];
        SafetensorsWriter.Write(
            folder["x"], [.. names.Select(name => SafetensorsEntry.Create<byte>(name, [1], new byte[] { 1 }))],
            new Dictionary<string, string> { ["quote\""] = "ü" });

        using SafetensorsFile file = SafetensorsFile.Open(folder["x"]);

        Assert.Equal(names.Order(StringComparer.Ordinal), file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("ü", file.Metadata["quote\""]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(0)]
    public void Write_EntryOfWrongLength_ThrowsAndLeavesTheOldFile(int bytes)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsEntry wrong = new("w", TensorDataType.Float32, [1], stream =>
        {
            for (int i = 0; i < bytes; i++) stream.WriteByte(0);
        });

        InvalidOperationException exception = AssertOldFileSurvives<InvalidOperationException>(folder, wrong);

        Assert.Contains("Tensor 'w'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("expected 4", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_DiskFullHalfWay_ThrowsAndLeavesTheOldFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsEntry failing = new("w", TensorDataType.UInt8, [1 << 22], stream =>
        {
            stream.Write(new byte[1 << 21]);
            throw new IOException("No space left on device");
        });

        Assert.Equal("No space left on device", AssertOldFileSurvives<IOException>(folder, failing).Message);
    }

    [Fact]
    public void Write_FaultyEntries_ThrowBeforeAnythingIsWritten()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsEntry a = SafetensorsEntry.Create<byte>("a", [1], new byte[] { 1 });

        Assert.Contains("'a' is given twice", Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder["x"], [a, a])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => SafetensorsWriter.Write(folder["x"], [a, null!]));
        Assert.Throws<DirectoryNotFoundException>(() => SafetensorsWriter.Write(folder["absent/x"], [a]));
        Assert.Throws<IOException>(() => SafetensorsWriter.Write(folder.Path, [a]));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Entry_NameShapeOrValuesThatCannotBe_Throws()
    {
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<byte>("__metadata__", [1], new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<byte>("", [1], new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<byte>("a", [-1], new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<byte>("a", [long.MaxValue, 2], new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<char>("a", [1], new[] { 'x' }));
        string message = Assert.Throws<ArgumentException>(() => SafetensorsEntry.Create<float>("a", [2, 2], new float[3])).Message;
        Assert.Contains("3 values, expected 4", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OverAFileThatIsMapped_OldMappingStaysWhole()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows refuses to replace a file that is mapped");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(folder["x"], [SafetensorsEntry.Create<int>("a", [2], new[] { 1, 2 })]);
        using SafetensorsFile before = SafetensorsFile.Open(folder["x"]);

        SafetensorsWriter.Write(folder["x"], Entries(before).Append(SafetensorsEntry.Create<int>("b", [1], new[] { 3 })).ToArray());

        using SafetensorsFile after = SafetensorsFile.Open(folder["x"]);
        Assert.Equal([1, 2], before.ReadArray<int>("a"));
        Assert.Equal([1, 2], after.ReadArray<int>("a"));
        Assert.Equal([3], after.ReadArray<int>("b"));
    }

    internal static SafetensorsEntry RandomEntry(Random random, string name)
    {
        TensorDataType type = (TensorDataType)random.Next(15);
        long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(5))];
        byte[] bytes = new byte[shape.Aggregate((long)type.ByteSize(), (product, size) => product * size)];
        random.NextBytes(bytes);
        return new SafetensorsEntry(name, type, shape, stream => stream.Write(bytes));
    }

    internal static SafetensorsEntry[] Entries(SafetensorsFile file) =>
        [.. file.Tensors.Values.Select(info => new SafetensorsEntry(info.Name, info.DataType, info.Shape, stream => stream.Write(file.GetBytes(info.Name))))];

    internal static void AssertSame(SafetensorsFile expected, SafetensorsFile actual)
    {
        Assert.Equal(expected.Tensors.Keys.Order(StringComparer.Ordinal), actual.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (TensorInfo info in expected.Tensors.Values)
        {
            Assert.Equal(info.DataType, actual.Tensors[info.Name].DataType);
            Assert.Equal(info.Shape, actual.Tensors[info.Name].Shape);
            Assert.Equal(expected.GetBytes(info.Name), actual.GetBytes(info.Name));
        }
    }

    private static T AssertOldFileSurvives<T>(TemporaryFolder folder, SafetensorsEntry failing)
        where T : Exception
    {
        string path = folder["x.safetensors"];
        SafetensorsEntry good = SafetensorsEntry.Create<double>("good", [1], new[] { 1.0 });
        SafetensorsWriter.Write(path, [good]);
        byte[] before = File.ReadAllBytes(path);

        T exception = Assert.Throws<T>(() => SafetensorsWriter.Write(path, [good, failing]));

        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
        return exception;
    }
}
