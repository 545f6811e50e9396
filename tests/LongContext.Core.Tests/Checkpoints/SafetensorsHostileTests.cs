using LongContext.Checkpoints;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Damaged and hostile safetensors files: each a clear fault, nothing read outside the file.</summary>
public class SafetensorsHostileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void Open_ShorterThanTheLength_Throws(int bytes) =>
        SafetensorsBytes.AssertFault(new byte[bytes], $"has {bytes} bytes, expected at least 8");

    [Theory]
    [InlineData(1UL << 60, "expected at most")]
    [InlineData(ulong.MaxValue, "expected at most")]
    [InlineData(1UL << 63, "expected at most")]
    [InlineData(100_000_001UL, "expected at most 100000000")]
    [InlineData(100_000_000UL, "but only 2 follow")]
    [InlineData(3UL, "but only 2 follow")]
    public void Open_HeaderLengthBeyondLimitOrFile_Throws(ulong length, string expected) =>
        SafetensorsBytes.AssertFault(SafetensorsBytes.Build([(byte)'{', (byte)'}'], headerLength: length), $"{length} bytes", expected);

    [Fact]
    public void Open_SampleCutAnywhere_Throws()
    {
        byte[] whole = SafetensorsBytes.Sample();
        for (int length = 0; length < whole.Length; length++) SafetensorsBytes.AssertFault(whole[..length]);
    }

    [Theory]
    [InlineData("", "must begin with '{', found nothing")]
    [InlineData("   {}", "must begin with '{'")]
    [InlineData("[]", "must begin with '{'")]
    [InlineData("null", "must begin with '{'")]
    [InlineData("{", "not valid JSON")]
    [InlineData("{}x", "not valid JSON")]
    [InlineData("{} {}", "not valid JSON")]
    [InlineData("{\"a\":}", "not valid JSON")]
    [InlineData("{\"\\ud800\":1}", "not valid JSON")]
    [InlineData("{\"a\":{\"dtype\":\"\\ud800\"}}", "not valid JSON")]
    [InlineData("{\"a\":[]}", "tensor 'a' must be described by an object, found StartArray")]
    [InlineData("{\"a\":{\"shape\":[[[[[[[[[[1]]]]]]]]]]}}", "shape")]
    public void Open_HeaderNotTheRightJson_Throws(string header, string expected) =>
        SafetensorsBytes.AssertFault(SafetensorsBytes.Build(header), expected);

    [Fact]
    public void Open_HeaderNotUtf8_Throws() =>
        SafetensorsBytes.AssertFault(SafetensorsBytes.Build([(byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)'}']), "not valid UTF-8");

    [Theory]
    [InlineData("""{"shape":[1],"data_offsets":[0,4]}""", "lacks field 'dtype'")]
    [InlineData("""{"dtype":"F32","data_offsets":[0,4]}""", "lacks field 'shape'")]
    [InlineData("""{"dtype":"F32","shape":[1]}""", "lacks field 'data_offsets'")]
    [InlineData("""{"dtype":"F33","shape":[1],"data_offsets":[0,4]}""", "dtype 'F33', expected one of F64, F32")]
    [InlineData("""{"dtype":32,"shape":[1],"data_offsets":[0,4]}""", "dtype 'Number'")]
    [InlineData("""{"dtype":null,"shape":[1],"data_offsets":[0,4]}""", "dtype 'Null'")]
    [InlineData("""{"dtype":"F32","shape":1,"data_offsets":[0,4]}""", "Number as shape")]
    [InlineData("""{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}""", "String in shape")]
    [InlineData("""{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}""", "1.5 in shape")]
    [InlineData("""{"dtype":"F32","shape":[1e3],"data_offsets":[0,4]}""", "1e3 in shape")]
    [InlineData("""{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}""", "18446744073709551616 in shape")]
    [InlineData("""{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}""", "shape [-1]")]
    [InlineData("""{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}""", "shape [-1, -1]")]
    [InlineData("""{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}""", "fit in memory")]
    [InlineData("""{"dtype":"F32","shape":[2147483648,2147483648,4],"data_offsets":[0,0]}""", "fit in memory")]
    [InlineData("""{"dtype":"F32","shape":[2],"data_offsets":[0,4]}""", "4 bytes at data_offsets [0, 4], expected 8 for shape [2] of F32")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0,3]}""", "3 bytes")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[4,0]}""", "expected 0 <= begin <= end")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}""", "expected 0 <= begin <= end")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775807,-9223372036854775808]}""", "expected 0 <= begin <= end")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0]}""", "1 data_offsets, expected 2")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}""", "3 data_offsets, expected 2")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[4,8]}""", "ends at byte 8 of the data, which has only 4")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}""", "which has only 4")]
    [InlineData("""{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}""", "field 'dtype' twice")]
    [InlineData("""{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}""", "field 'shape' twice")]
    [InlineData("""{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]}""", "unknown field 'stride'")]
    public void Open_TensorDescribedWrongly_ThrowsNamingIt(string tensor, string expected) =>
        SafetensorsBytes.AssertFault(SafetensorsBytes.Build("{\"w\":" + tensor + "}", 4), "tensor 'w'", expected);

    [Fact]
    public void Open_TensorsOverlap_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12),
        "tensor 'b' at byte 4 overlaps tensor 'a', which ends at 8");

    [Fact]
    public void Open_TensorsInOnePlace_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build(
            """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8),
        "overlaps");

    [Fact]
    public void Open_HoleBetweenTensors_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build(
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}""", 6),
        "bytes 2 to 4 of the data, after tensor 'a', belong to no tensor");

    [Fact]
    public void Open_HoleAtStart_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3), "bytes 0 to 1 of the data, after the start");

    [Fact]
    public void Open_BytesAfterTheLastTensor_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 3), "bytes 2 to 3 of the data, after tensor 'a'");

    [Fact]
    public void Open_DataWithoutTensors_Throws() => SafetensorsBytes.AssertFault(SafetensorsBytes.Build("{}", 1), "bytes 0 to 1");

    [Fact]
    public void Open_NameTwice_Throws() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build(
            """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2),
        "tensor 'a' occurs twice");

    [Theory]
    [InlineData("""{"__metadata__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", "a tensor cannot have that name")]
    [InlineData("""{"__metadata__":[]}""", "must map text to text")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", "holds 'a' twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", "occurs twice")]
    public void Open_MetadataNotTextToText_Throws(string header, string expected) =>
        SafetensorsBytes.AssertFault(SafetensorsBytes.Build(header, 1), expected);

    [Fact]
    public void Open_NameOfMegabytes_MessageStaysShort() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build("{\"" + new string('n', 1 << 20) + "\":5}"), "nnn…");

    [Fact]
    public void Open_ShapeOfMillionsOfZeros_IsRefusedEarly() => SafetensorsBytes.AssertFault(
        SafetensorsBytes.Build("{\"a\":{\"dtype\":\"U8\",\"shape\":[0" + string.Concat(Enumerable.Repeat(",0", 1 << 20)) + "],\"data_offsets\":[0,0]}}"),
        "more than 64 numbers in shape");

    [Fact]
    public void Open_FolderOrNothing_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();

        string message = Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(folder.Path)).Message;

        Assert.Contains("found a folder", message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(folder["absent.safetensors"]));
    }

    [Fact]
    public void Open_HeaderBitsFlipped_OpensConsistentlyOrThrowsTheOneException()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string path = folder["flipped.safetensors"];
        byte[] whole = SafetensorsBytes.Sample();
        int headerEnd = whole.Length - 24;
        Random random = new(20240229);
        int opened = 0, refused = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] file = [.. whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--) file[random.Next(headerEnd)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, file);
            try
            {
                using SafetensorsFile tensors = SafetensorsFile.Open(path);
                AssertConsistent(tensors, file);
                opened++;
            }
            catch (CheckpointFormatException exception)
            {
                Assert.StartsWith(path, exception.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        // Flips inside names change nothing that can be known; most others are caught.
        Assert.True(opened > 0 && refused > opened, $"{opened} opened, {refused} refused");
    }

    [Fact]
    public void Open_RandomBytesAsHeader_ThrowsTheOneException()
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            byte[] header = new byte[random.Next(1, 200)];
            random.NextBytes(header);
            header[0] = (byte)'{';
            SafetensorsBytes.AssertFault(SafetensorsBytes.Build(header, random.Next(16)));
        }
    }

    /// <summary>All tensors lie in the data, cover it, and their bytes are the file's.</summary>
    private static void AssertConsistent(SafetensorsFile tensors, byte[] file)
    {
        int dataStart = file.Length - 24;
        long covered = 0;
        foreach (TensorInfo info in tensors.Tensors.Values)
        {
            Assert.Equal(info.ByteLength, info.Shape.Aggregate((long)info.DataType.ByteSize(), (bytes, size) => bytes * size));
            Assert.True(info.Offset >= 0 && info.Offset + info.ByteLength <= 24);
            Assert.Equal(file.AsSpan(dataStart + (int)info.Offset, (int)info.ByteLength), tensors.GetBytes(info.Name));
            covered += info.ByteLength;
        }

        Assert.Equal(24, covered);
    }
}
