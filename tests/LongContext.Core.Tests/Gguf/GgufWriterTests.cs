using LongContext.Gguf;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Gguf;

public sealed class GgufWriterTests
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 64).Select(i => MathF.Sin(i) * 3)];

    [Fact]
    public void Write_ThenOpen_GivesMetadataAndTensors()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["x.gguf"], GgufBytes.Sample());
        GgufFile file = GgufFile.Open(folder["x.gguf"]);
        Assert.Equal(3, file.Version);
        Assert.Equal(GgufBytes.Metadata().ToArray(), file.Metadata.ToArray());
        Assert.Equal(new GgufTensorInfo("a", GgufTensorType.Float32, [2, 3], 0, 24), file.Tensors[0]);
        Assert.Equal(new GgufTensorInfo("b", GgufTensorType.Q8_0, [1, 32], 32, 34), file.Tensors[1]);
        Assert.Equal([1, 2, 3, 4, 5, 6], file.ReadSingles("a"));
        Assert.True(file.Contains("b") && !file.Contains("c"));
    }

    [Theory]
    [InlineData(GgufTensorType.Float32, 0)]
    [InlineData(GgufTensorType.Float16, 1.0 / 2_048)]
    [InlineData(GgufTensorType.BFloat16, 1.0 / 256)]
    [InlineData(GgufTensorType.Q8_0, 3.01 / 254)]
    [InlineData(GgufTensorType.Q4_0, 3.01 / 8)]
    public void ReadSingles_EachType_IsWithinItsRounding(GgufTensorType type, double error)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        GgufWriter.Write(folder["x.gguf"], new GgufMetadata(), [GgufTensorEntry.Create("w", type, [2, 32], Values)]);
        float[] read = GgufFile.Open(folder["x.gguf"]).ReadSingles("w");
        for (int i = 0; i < Values.Length; i++)
            Assert.InRange(Math.Abs(read[i] - Values[i]), 0, type is GgufTensorType.Q8_0 or GgufTensorType.Q4_0 ? error : error * Math.Abs(Values[i]));
    }

    [Fact]
    public void Create_Q4_0_HasTheLargestAsCodeZeroAndHalvesSixteenApart()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        float[] values = new float[64];
        (values[0], values[1], values[17], values[31]) = (4, -3.5f, 1, -0.75f); // the scale is -0.5
        values[32] = -8; // and 1 in the second block, whose other numbers are 7.4, too large for the codes
        values.AsSpan(33).Fill(7.4f);
        GgufWriter.Write(folder["x.gguf"], new GgufMetadata(), [GgufTensorEntry.Create("w", GgufTensorType.Q4_0, [2, 32], values)]);
        GgufFile file = GgufFile.Open(folder["x.gguf"]);
        byte[] bytes = file.ReadBytes("w");
        Assert.Equal(36, bytes.Length);
        Assert.Equal([0x00, 0xB8, 0x80, 0x6F], bytes[..4]);
        Assert.Equal(0xA8, bytes[17]); // elements 15 and 31: 0 and -0.75 / -0.5 + 8 = 9.5, which goes up
        Assert.Equal([0x00, 0x3C, 0xF0, 0xFF], bytes[18..22]);
        float[] read = file.ReadSingles("w");
        Assert.Equal([4, -3.5f, 1, -1, -8, 7, 7], new[] { read[0], read[1], read[17], read[31], read[32], read[33], read[63] });
        Assert.All(read[2..17], value => Assert.Equal(0, value));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Q4_0, [32], [float.PositiveInfinity, .. new float[31]]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Q4_0, [32], [6e5f, .. new float[31]]));
        Assert.All(Read(new float[32]), value => Assert.Equal(0, value));

        float[] Read(float[] zeros)
        {
            GgufWriter.Write(folder["y.gguf"], new GgufMetadata(), [GgufTensorEntry.Create("w", GgufTensorType.Q4_0, [32], zeros)]);
            return GgufFile.Open(folder["y.gguf"]).ReadSingles("w");
        }
    }

    [Fact]
    public void Write_TensorData_BeginsAtMultiplesOf32()
    {
        byte[] file = GgufBytes.Sample();
        // a: 24 bytes and 8 of padding; b: 34 and 30.
        Assert.Equal(0, file.Length % 32);
        Assert.Equal(BitConverter.GetBytes(1f), file[^96..^92]);
        Assert.Equal(new byte[8], file[^72..^64]);
    }

    [Fact]
    public void Write_TensorOfWrongLength_ThrowsAndLeavesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var entry = new GgufTensorEntry("w", GgufTensorType.Float32, [2], stream => stream.Write(new byte[4]));
        string message = Assert.Throws<InvalidOperationException>(() => GgufWriter.Write(folder["x.gguf"], new GgufMetadata(), [entry])).Message;
        Assert.Contains("Tensor 'w' wrote 4 bytes, expected 8", message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Write_BadArguments_Throw()
    {
        GgufTensorEntry entry = GgufTensorEntry.Create("w", GgufTensorType.Float32, [1], [1]);
        Assert.Throws<ArgumentException>(() => GgufWriter.Write("x.gguf", new GgufMetadata(), [entry, entry]));
        var metadata = new GgufMetadata();
        metadata.Set("general.alignment", 64u);
        Assert.Throws<ArgumentException>(() => GgufWriter.Write("x.gguf", metadata, []));
        Assert.Throws<ArgumentException>(() => metadata.Set("a b", 1));
        Assert.Throws<ArgumentException>(() => metadata.Set("a", new object()));
        Assert.Throws<ArgumentException>(() => metadata.Set("a", new int[1, 1]));
        Assert.Throws<ArgumentException>(() => metadata.Set("a", new string?[] { null }));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create(new string('x', 64), GgufTensorType.Float32, [1], [1]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Q8_0, [31], new float[31]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Float32, [0], []));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Float32, [2], [1]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", (GgufTensorType)12, [2], [1, 2]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Float16, [1], [7e4f]));
        Assert.Throws<ArgumentException>(() => GgufTensorEntry.Create("w", GgufTensorType.Q8_0, [32], [float.NaN, .. new float[31]]));
        Assert.Throws<LongContext.Checkpoints.CheckpointFormatException>(() => metadata.Get<string>("general.alignment"));
        Assert.Throws<LongContext.Checkpoints.CheckpointFormatException>(() => metadata.Get<string>("none"));
    }

    [Fact]
    public void Q8_EveryBlock_FollowsTheDefinition()
    {
        var random = new Random(4);
        for (int round = 0; round < 200; round++)
        {
            float[] block = [.. Enumerable.Range(0, 32).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 5))))];
            if (round == 0) Array.Clear(block);
            byte[] bytes = new byte[Q8Blocks.Bytes];
            Assert.True(Q8Blocks.TryEncode(block, bytes));
            float scale = block.Max(Math.Abs) / 127;
            Assert.Equal((Half)scale, BitConverter.ToHalf(bytes));
            for (int i = 0; i < block.Length; i++)
            {
                double exact = scale == 0 ? 0 : block[i] / (double)scale;
                Assert.InRange((sbyte)bytes[2 + i] - exact, -0.5001, 0.5001);
            }
        }
    }

    [Fact]
    public void BFloat16_Halves_RoundToEven()
    {
        float[] values = [1.00390625f, 1.01171875f, float.NaN, float.PositiveInfinity, -0f];
        byte[] bytes = new byte[10];
        Assert.True(GgufElements.TryEncode(GgufTensorType.BFloat16, values, bytes));
        float[] read = new float[5];
        GgufElements.Decode(GgufTensorType.BFloat16, bytes, read);
        Assert.Equal([1f, 1.015625f, float.NaN, float.PositiveInfinity, -0f], read);
    }
}
