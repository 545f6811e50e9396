using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

public class SafetensorsFileTests
{
    [Fact]
    public void Open_SoundFile_GivesTensorsAndMetadata()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Sample());

        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        Assert.Equal(folder["x.safetensors"], file.Path);
        Assert.Equal(["format"], file.Metadata.Keys);
        Assert.Equal(new TensorInfo("a", TensorDataType.Float32, [2, 2], 0, 16), file.Tensors["a"]);
        Assert.Equal(new TensorInfo("b", TensorDataType.Int64, [1], 16, 8), file.Tensors["b"]);
        Assert.Equal(2, file.Tensors.Count);
        Assert.Equal([17, 18, 19, 20, 21, 22, 23, 24], file.GetBytes("b").ToArray());
        Assert.Equal([0x1817161514131211], file.ReadArray<long>("b"));
    }

    [Fact]
    public unsafe void GetPointer_IsTheTensorsFirstByte()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Sample());
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        byte* pointer = file.GetPointer("b");

        Assert.Equal(17, pointer[0]);
        Assert.Equal(24, pointer[7]);
        Assert.Equal(16, pointer - file.GetPointer("a"));
    }

    [Fact]
    public void Open_SymbolicLink_IsFollowed()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["blob"], SafetensorsBytes.Sample());
        try
        {
            File.CreateSymbolicLink(folder["model.safetensors"], "blob");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Assert.Skip("this system lets no symbolic link be made: " + exception.Message);
        }

        using CheckpointReader reader = CheckpointReader.Open(folder.Path);

        Assert.Equal(["a", "b"], reader.TensorNames.Order());
    }

    [Fact]
    public void Open_PaddedHeaderAndEmptyFile_AreSound()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Build("{}      "));

        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Open_ZeroElementTensorsAndScalars_AreSound()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Build(
            """{"e":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]},"s":{"dtype":"U32","shape":[],"data_offsets":[0,4]},"z":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}}""", 4));

        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        Assert.Empty(file.ReadArray<float>("e"));
        Assert.Empty(file.ReadArray<double>("z"));
        Assert.Equal([0x04030201u], file.ReadArray<uint>("s"));
        Assert.Empty(file.Tensors["s"].Shape);
    }

    [Fact]
    public void ReadArray_OtherType_ThrowsNamingBoth()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Sample());
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        string message = Assert.Throws<CheckpointFormatException>(() => file.ReadArray<double>("a")).Message;

        Assert.Contains("tensor 'a' holds F32", message, StringComparison.Ordinal);
        Assert.Contains("Double", message, StringComparison.Ordinal);
        Assert.Throws<CheckpointFormatException>(() => file.ReadArray<int>("a"));
    }

    [Fact]
    public void ReadArray_FormatsWithoutADotNetType_GivesTheirBits()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Build(
            """{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[4,5]},"c":{"dtype":"F8_E5M2","shape":[1],"data_offsets":[5,6]},"d":{"dtype":"BOOL","shape":[2],"data_offsets":[6,8]}}""", 8));
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        Assert.Equal([0x0201, 0x0403], file.ReadArray<ushort>("a"));
        Assert.Equal([5], file.ReadArray<byte>("b"));
        Assert.Equal([6], file.ReadArray<byte>("c"));

        // 7 and 8 are not what a bool should hold: they must still compare equal to true.
        Assert.Equal([true, true], file.ReadArray<bool>("d"));
        Assert.Throws<CheckpointFormatException>(() => file.ReadArray<Half>("a"));
    }

    [Fact]
    public void GetBytes_TensorOverTwoGigabytes_ThrowsNamingGetPointer()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        byte[] header = SafetensorsBytes.Build("""{"w":{"dtype":"U8","shape":[2147483648],"data_offsets":[0,2147483648]}}""");
        using (FileStream sparse = File.Create(folder["x.safetensors"]))
        {
            sparse.Write(header);
            sparse.SetLength(header.Length + 2_147_483_648L);
        }

        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        string message = Assert.Throws<InvalidOperationException>(() => _ = file.GetBytes("w").Length).Message;
        Assert.Contains("GetPointer", message, StringComparison.Ordinal);
        unsafe
        {
            Assert.Equal(0, file.GetPointer("w")[2_147_483_647L]);
        }
    }

    [Fact]
    public void GetBytes_UnknownName_ThrowsNamingFileAndTensor()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Sample());
        using SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        string message = Assert.Throws<CheckpointFormatException>(() => _ = file.GetBytes("c").Length).Message;

        Assert.Contains(folder["x.safetensors"], message, StringComparison.Ordinal);
        Assert.Contains("'c'", message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Dispose_AccessAfterwards_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.safetensors"], SafetensorsBytes.Sample());
        SafetensorsFile file = SafetensorsFile.Open(folder["x.safetensors"]);

        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => _ = file.GetBytes("a").Length);
        Assert.Throws<ObjectDisposedException>(() => { _ = file.GetPointer("a"); });
        Assert.Throws<ObjectDisposedException>(() => file.ReadArray<float>("a"));
    }

    [Theory]
    [InlineData(TensorDataType.Float64, 8)]
    [InlineData(TensorDataType.Float32, 4)]
    [InlineData(TensorDataType.Float16, 2)]
    [InlineData(TensorDataType.BFloat16, 2)]
    [InlineData(TensorDataType.Float8E4M3, 1)]
    [InlineData(TensorDataType.Float8E5M2, 1)]
    [InlineData(TensorDataType.Int64, 8)]
    [InlineData(TensorDataType.Int32, 4)]
    [InlineData(TensorDataType.Int16, 2)]
    [InlineData(TensorDataType.Int8, 1)]
    [InlineData(TensorDataType.UInt64, 8)]
    [InlineData(TensorDataType.UInt32, 4)]
    [InlineData(TensorDataType.UInt16, 2)]
    [InlineData(TensorDataType.UInt8, 1)]
    [InlineData(TensorDataType.Bool, 1)]
    public void ByteSize_EveryType_NameReadsBack(TensorDataType dataType, int size)
    {
        Assert.Equal(size, dataType.ByteSize());
        Assert.True(TensorDataTypeExtensions.TryParse(dataType.SafetensorsName(), out TensorDataType read));
        Assert.Equal(dataType, read);
    }

    [Fact]
    public void ByteSize_NotAMember_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => ((TensorDataType)99).ByteSize());
}
