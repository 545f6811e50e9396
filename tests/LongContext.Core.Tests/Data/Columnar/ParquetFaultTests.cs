using System.Diagnostics;
using LongContext.Data.Reading;
using LongContext.TestSupport;

namespace LongContext.Data.Columnar;

/// <summary>Damaged and hostile files: faults, and nothing else, in bounded time and memory.</summary>
public sealed class ParquetFaultTests
{
    private const int ManyFiles = 20_000; // of each fixture
    private const long MostAllocated = 64L << 20;
    private static readonly TimeSpan s_mostTime = TimeSpan.FromSeconds(20);
    private static readonly RecordSourceOptions s_options = new() { MaximumRecordBytes = 1 << 20, BadLines = BadLines.Skip, MaximumBadLines = long.MaxValue, MaximumBadShare = 1, SkipBrokenFiles = true };

    public static IEnumerable<TheoryDataRow<string>> Files => ParquetFixtureTests.Files;

    [Fact]
    public void Read_EveryTruncation_IsAFaultOfTheFile()
    {
        byte[] good = File.ReadAllBytes(Path.Combine(ParquetFixtureTests.Folder, "duckdb-types.parquet"));
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        for (int length = 0; length < good.Length; length += length < 40 || length > good.Length - 40 ? 1 : 13)
        {
            File.WriteAllBytes(folder["a.parquet"], good[..length]);
            DataFormatException fault = Reads.Fault(folder["a.parquet"]);
            Assert.StartsWith(folder["a.parquet"], fault.Message, StringComparison.Ordinal);
            Assert.True(fault.EndsFile);
        }
    }

    [Theory]
    [InlineData("", "no Parquet file")]
    [InlineData("PAR1PAR1", "no Parquet file")]
    [InlineData("PAR1\u0001\0\0\0\0PAR1", "the footer says it has")]
    [InlineData("PAR1xxxx\u0004\0\0\0PAR1", "the footer is damaged")]
    [InlineData("PAR1xxxxxxxxPARE", "the file is encrypted")]
    [InlineData("{\"text\": \"no table at all\"}\n", "no Parquet file")]
    public void Read_NoParquet_SaysSo(string content, string expected)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["a.parquet"], System.Text.Encoding.Latin1.GetBytes(content));
        Assert.Contains(expected, Reads.Fault(folder["a.parquet"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PageLargerThanAllowed_IsRefusedBeforeItIsHeld()
    {
        string path = Path.Combine(ParquetFixtureTests.Folder, "duckdb-zstd.parquet");
        using RecordSource<DataRecord> source = RecordSource.FromFiles([path], new RecordSourceOptions { MaximumRecordBytes = 64 });
        Assert.Contains("uncompressed, expected 64 at most (MaximumRecordBytes)", Assert.Throws<DataFormatException>(() => source.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((int)ParquetCodec.Snappy)]
    [InlineData((int)ParquetCodec.Gzip)]
    [InlineData((int)ParquetCodec.Zstd)]
    [InlineData((int)ParquetCodec.Brotli)]
    [InlineData((int)ParquetCodec.Lz4)]
    [InlineData((int)ParquetCodec.Lz4Raw)]
    [InlineData((int)ParquetCodec.Lzo)]
    [InlineData(99)]
    public void Decompress_LengthsThatCannotBe_AllocateNothing(int codec)
    {
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ParquetFault>(() => PageCompression.Decompress((ParquetCodec)codec, bytes, 1_000_000_000));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Decompress_MoreOrLessThanSaid_IsAFault()
    {
        byte[] text = new byte[300_000];
        byte[] zstd = text.Zstd(), gzip = text.Gzip();
        Assert.Equal(text, PageCompression.Decompress(ParquetCodec.Zstd, zstd, text.Length));
        Assert.Equal(text, PageCompression.Decompress(ParquetCodec.Gzip, gzip, text.Length));
        foreach (int wrong in new[] { 0, 1, text.Length - 1, text.Length + 1 })
        {
            Assert.Throws<ParquetFault>(() => PageCompression.Decompress(ParquetCodec.Zstd, zstd, wrong));
            Assert.Throws<ParquetFault>(() => PageCompression.Decompress(ParquetCodec.Gzip, gzip, wrong));
        }

        Assert.Throws<ParquetFault>(() => PageCompression.Decompress(ParquetCodec.Uncompressed, text, 7));
    }

    /// <summary>Hadoop's LZ4: blocks with their lengths before them.</summary>
    [Fact]
    public void Decompress_OlderLz4_IsReadWithBlocksOrWithout()
    {
        byte[] text = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i / 100))];
        byte[] Block(byte[] part)
        {
            byte[] packed = new byte[K4os.Compression.LZ4.LZ4Codec.MaximumOutputSize(part.Length)];
            return packed[..K4os.Compression.LZ4.LZ4Codec.Encode(part, packed)];
        }

        byte[] Framed(byte[] part)
        {
            byte[] block = Block(part);
            return [0, 0, (byte)(part.Length >> 8), (byte)part.Length, 0, 0, (byte)(block.Length >> 8), (byte)block.Length, .. block];
        }

        Assert.Equal(text, PageCompression.Decompress(ParquetCodec.Lz4, [.. Framed(text[..1000]), .. Framed(text[1000..])], text.Length));
        Assert.Equal(text, PageCompression.Decompress(ParquetCodec.Lz4, Block(text), text.Length));
        Assert.Equal(text, PageCompression.Decompress(ParquetCodec.Lz4Raw, Block(text), text.Length));
        Assert.Throws<ParquetFault>(() => PageCompression.Decompress(ParquetCodec.Lz4, Framed(text[..1000]), text.Length));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_MutatedBytes_GiveRowsOrFaultsOnly(string file) => Fuzz(file, 0, 200);

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", "Slow")]
    public void Read_ManyMutatedBytes_GiveRowsOrFaultsOnly(string file)
    {
        SlowTests.SkipUnlessAsked();
        Fuzz(file, 1_000_000, SlowTests.Cases(ManyFiles));
    }

    [Fact]
    public void Headers_TenThousandMutated_AreReadOrFaults() => FuzzHeaders(10_000, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Headers_AMillionMutated_AreReadOrFaults()
    {
        SlowTests.SkipUnlessAsked();
        FuzzHeaders(1_000_000, seed: 2);
    }

    /// <summary>Footers and page headers without their files: the schema is put together too, as a reader would.</summary>
    private static void FuzzHeaders(int count, long seed)
    {
        (byte[] Footer, byte[] Page)[] good = [.. Files.Select(file => Headers(file.Data))];
        Mutations mutations = new(seed);
        int read = 0;
        for (int i = 0; i < count; i++)
        {
            (byte[] footer, byte[] page) = good[mutations.Draw(good.Length)];
            bool isFooter = mutations.Draw(2) == 0;
            byte[] bytes = mutations.Of(isFooter ? footer : page);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                if (isFooter) ParquetNode.Build(ParquetFooter.Read(bytes).Schema, null, []);
                else PageHeader.Read(bytes);
                read++;
            }
            catch (ParquetFault)
            {
                // As it should be.
            }
            catch (Exception fault)
            {
                Assert.Fail($"header {i}: {fault}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20, $"header {i} of {bytes.Length} bytes: {GC.GetAllocatedBytesForCurrentThread() - before} bytes allocated");
        }

        Assert.InRange(read, count / 20, count - (count / 20));
    }

    private static (byte[] Footer, byte[] Page) Headers(string file)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(ParquetFixtureTests.Folder, file));
        int length = BitConverter.ToInt32(bytes, bytes.Length - 8);
        byte[] footer = bytes[^(8 + length)..^8];
        int at = (int)ParquetFooter.Read(footer).RowGroups[0].Columns[0].DataOffset;
        return (footer, bytes[at..(at + PageHeader.Read(bytes.AsSpan(at)).Length)]);
    }

    private static void Fuzz(string file, int firstSeed, int count)
    {
        byte[] good = File.ReadAllBytes(Path.Combine(ParquetFixtureTests.Folder, file));
        int footer = BitConverter.ToInt32(good, good.Length - 8);
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string path = folder["a.parquet"];
        int whole = 0;
        for (int seed = firstSeed; seed < firstSeed + count; seed++)
        {
            byte[] bytes = Mutate(good, footer, seed);
            File.WriteAllBytes(path, bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            try
            {
                using RecordSource<DataRecord> source = RecordSource.FromFiles([path], s_options);
                // A run length of nulls may say that it is very long, and rows of nothing but nulls are rows: only so many are asked for.
                foreach (DataRecord record in source.All(500)) record.Fields.ToJsonString();
                if (source.Report.BadLines == 0) whole++;
            }
            catch (Exception fault) when (fault is not DataFormatException)
            {
                Assert.Fail($"seed {seed} of {file}: {fault}");
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MostAllocated, $"seed {seed} of {file}: {GC.GetAllocatedBytesForCurrentThread() - before} bytes allocated");
            Assert.True(Stopwatch.GetElapsedTime(started) < s_mostTime, $"seed {seed} of {file} took {Stopwatch.GetElapsedTime(started)}");
        }

        // Many mutations hit texts, statistics and what nobody reads: were there none that pass, nothing would have been tested.
        Assert.InRange(whole, 1, count - 1);
    }

    private static byte[] Mutate(byte[] good, int footer, int seed)
    {
        SplitMix64 random = new(seed, 2);
        byte[] bytes = [.. good];
        int changes = 1 + random.NextInt(4);
        for (int i = 0; i < changes; i++)
        {
            // Half of them in the footer, where sizes and places stand.
            int at = random.NextInt(2) == 0 ? bytes.Length - 8 - footer + random.NextInt(footer + 8) : random.NextInt(bytes.Length);
            bytes[at] = random.NextInt(4) switch
            {
                0 => (byte)(bytes[at] ^ (1 << random.NextInt(8))),
                1 => 0xFF,
                2 => (byte)(bytes[at] + 1),
                _ => (byte)random.NextInt(256),
            };
        }

        if (random.NextInt(8) != 0) return bytes;
        int cut = random.NextInt(bytes.Length), length = 1 + random.NextInt(20);
        return random.NextInt(2) == 0 ? [.. bytes[..cut], .. bytes[Math.Min(bytes.Length, cut + length)..]] : [.. bytes[..cut], .. new byte[length], .. bytes[cut..]];
    }
}
