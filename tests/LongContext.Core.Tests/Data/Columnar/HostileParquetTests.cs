using System.IO.Hashing;
using LongContext.Data.Reading;
using LongContext.TestSupport;
using static LongContext.Data.Columnar.HandMadeParquet;

namespace LongContext.Data.Columnar;

/// <summary>Small files that ask for much, and values that no writer would write.</summary>
public sealed class HostileParquetTests : IDisposable
{
    private const int Megabyte = 1 << 20;
    private static readonly RecordSourceOptions s_small = new() { MaximumRecordBytes = Megabyte, BadLines = BadLines.Skip };

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Write_ByHand_IsReadAsItWasMeant()
    {
        Write(2, (new Column("a"), [new Page(1, Plain("one")), new Page(1, Plain("two"))]), (new Column("b", Codec: ParquetCodec.Zstd), [Zstd("x", "y")]));
        Assert.Equal(["""1:{"a":"one","b":"x"}""", """2:{"a":"two","b":"y"}"""], Read());
    }

    [Fact]
    public void Read_DateBeyondAllCalendars_IsItsNumber()
    {
        byte[] values = [.. BitConverter.GetBytes(long.MinValue), .. BitConverter.GetBytes(long.MaxValue), .. BitConverter.GetBytes(1L)];
        Write(3, (new Column("day", PhysicalType.Int64, Converted: 6), [new Page(3, values)]));
        Assert.Equal(["1:{\"day\":-9223372036854775808}", "2:{\"day\":9223372036854775807}", "3:{\"day\":\"1970-01-02\"}"], Read());
    }

    [Fact]
    public void Read_ARowOfAHundredMillionNulls_IsABadRow()
    {
        // Seven bytes of levels: the first row's list has 100,000,000 elements, the second row's has none.
        const int count = 100_000_000;
        byte[] page = [.. Levels((1, 0), (count - 1, 1), (1, 0)), .. Levels((count + 1, 0))];
        Write(2, (new Column("list", Repetition: Repetition.Repeated), [new Page(count + 1, page)]), (new Column("id"), [new Page(2, Plain("one", "two"))]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
        Assert.Equal(["""2:{"list":[],"id":"two"}"""], source.All().Select(Reads.Shown));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * Megabyte);
        Assert.EndsWith("a.parquet, row 1: the row takes more than 1048576 bytes (MaximumRecordBytes).", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AListOfOneLongTextAThousandTimes_IsABadRow()
    {
        // A dictionary of one text of 100,000 bytes; the first row names it 1,000 times, the second once.
        byte[] page = [.. Levels((1, 0), (999, 1), (1, 0)), .. Levels((1001, 1)), 1, .. Thrift.Varint(1001 << 1), 0];
        Write(2, (new Column("list", Repetition: Repetition.Repeated),
            [new Page(1, Plain(new string('x', 100_000))) { Kind = PageKind.Dictionary }, new Page(1001, page) { Encoding = PageEncoding.RunLengthDictionary }]));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
        Assert.Equal(2, Assert.Single(source.All()).Origin.Number);
        Assert.Equal(1, source.Report.BadLines);
    }

    [Fact]
    public void Read_MoreDifferencesThanThePageHasValues_IsAFaultAtOnce()
    {
        // DELTA_LENGTH_BYTE_ARRAY: blocks of 1,048,576 numbers in one part of no bits take two bytes each, and say that there are 2,147,483,647 of them.
        byte[] page = [.. Thrift.Varint(1 << 20), .. Thrift.Varint(1), .. Thrift.Varint(int.MaxValue), 0, .. new byte[8192]];
        Write(1, (new Column("a"), [new Page(1, page) { Encoding = PageEncoding.DeltaLengthByteArray }]));
        Assert.Contains("a page of 1 values has 2147483647 differences", Assert.Throws<DataFormatException>(Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ARowOfTextsThatGrowByAByteEach_IsPassedWithoutMakingThem()
    {
        // DELTA_BYTE_ARRAY in 40 KB: text i shares i bytes with the one before and has one more. Made, they would be 800 MB.
        const int count = 40_000;
        byte[] Row(int first, int step) => [.. Thrift.Varint(1 << 20), .. Thrift.Varint(1), .. Thrift.Varint(count + 1), (byte)(2 * first), (byte)(2 * step), 0];
        byte[] page = [.. Levels((1, 0), (count - 1, 1), (1, 0)), .. Levels((count + 1, 1)), .. Row(0, 1), .. Row(1, 0), .. Enumerable.Repeat((byte)'x', count + 1)];
        Write(2, (new Column("list", Repetition: Repetition.Repeated), [new Page(count + 1, page) { Encoding = PageEncoding.DeltaByteArray }]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
        Assert.Equal([new string('x', count + 1)], source.All().SelectMany(record => record.Fields["list"]!.AsArray()).Select(text => (string)text!));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * Megabyte);
        Assert.Contains("row 1: the row takes more than", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((int)ParquetCodec.Snappy, "00")]
    [InlineData((int)ParquetCodec.Lz4Raw, "00")]
    [InlineData((int)ParquetCodec.Lz4, "00")]
    [InlineData((int)ParquetCodec.Lz4, "000000000000000100")] // in Hadoop's frame
    [InlineData((int)ParquetCodec.Lz4Raw, "")]
    [InlineData((int)ParquetCodec.Snappy, "")]
    [InlineData((int)ParquetCodec.Gzip, "")]
    [InlineData((int)ParquetCodec.Brotli, "06")]
    [InlineData((int)ParquetCodec.Zstd, "28B52FFD2000010000")]
    public void Read_RowGroupWhereAllIsNull_HasADictionaryOfNothing(int codec, string nothing)
    {
        // As Arrow writes it: a dictionary page without values, its nothing compressed; then a page of levels alone.
        Page dictionary = new(0, Convert.FromHexString(nothing)) { Kind = PageKind.Dictionary, UncompressedSize = 0 };
        byte[] levels = [.. Levels((2, 0)), 0], packed = PageCompressions.Compress((ParquetCodec)codec, levels);
        Page data = new(2, packed) { Encoding = PageEncoding.RunLengthDictionary, UncompressedSize = levels.Length };
        Write(2, (new Column("a", Repetition: Repetition.Optional, Codec: (ParquetCodec)codec), [dictionary, data]));
        Assert.Equal(["1:{\"a\":null}", "2:{\"a\":null}"], Read());
    }

    [Fact]
    public void ToJson_BytesWhoseBase64IsNoString_AreAFaultOfTheirRow()
    {
        LeafValues values = new(new SchemaElement { Type = PhysicalType.FixedLengthByteArray });
        Assert.Equal("AAEC", values.ToJson(new RawValue(0, new byte[] { 0, 1, 2 }))!.GetValue<string>());
        Assert.Contains("has 810000000 bytes", Assert.Throws<FormatException>(() => values.ToJson(new RawValue(0, new byte[810_000_000]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PagesOfManyColumns_AreBoundedTogether()
    {
        // Each page fits a megabyte; three of them together are more than twice that.
        string text = new('x', 900_000);
        foreach (int columns in (int[])[2, 3])
        {
            Write(1, [.. Enumerable.Range(0, columns).Select(i => (new Column($"c{i}"), new[] { new Page(1, Plain(text)) }))]);
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
            // Two texts of 900,000 bytes make a row of more than a megabyte, which is another matter than the pages.
            if (columns == 2)
            {
                Assert.Empty(source.All());
                Assert.Contains("the row takes more than 1048576 bytes", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
                continue;
            }

            string fault = Assert.Throws<DataFormatException>(() => source.All()).Message;
            Assert.Contains("the pages of the columns take 2700012 bytes at once, expected 2097152 at most (twice MaximumRecordBytes); ask for fewer columns", fault, StringComparison.Ordinal);
        }

        using RecordSource<DataRecord> fewer = RecordSource.FromFiles(
            [folder["a.parquet"]], new RecordSourceOptions { MaximumRecordBytes = Megabyte, Tables = new Tables.TableOptions { Columns = ["c1"] } });
        Assert.Equal(text, Assert.Single(fewer.All()).Fields["c1"]!.GetValue<string>());
    }

    [Fact]
    public void Read_StoredPageFarLargerThanItsContent_IsRefusedBeforeItIsHeld()
    {
        Write(1, (new Column("a", Codec: ParquetCodec.Gzip), [new Page(1, new byte[20 * Megabyte]) { UncompressedSize = 10 }]));
        long before = GC.GetAllocatedBytesForCurrentThread();
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
        Assert.Contains("a page has 20971520 bytes, expected 1048576 at most", Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * Megabyte);
    }

    [Fact]
    public void Read_LongNameAboveManyColumns_IsRefusedBeforeEachHasItsPath()
    {
        // One name of 100,000 characters, and 20,000 columns below it: their paths would be 4 GB.
        Thrift footer = new();
        footer.Integer(1, 2).List(2, 12, 20_002).Text(4, "root").Integer(5, 1).Stop();
        footer.Text(4, new string('x', 100_000)).Integer(5, 20_000).Stop();
        for (int i = 0; i < 20_000; i++) footer.Integer(1, 6).Text(4, "a").Stop();
        using (HandMadeParquet file = new(folder["a.parquet"])) file.End(footer.After(2).Long(3, 0).Stop().ToArray());
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("the paths of the schema's fields have more than", Assert.Throws<DataFormatException>(Read).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 128 * Megabyte);
    }

    [Theory]
    [InlineData((int)PageKind.Data)]
    [InlineData((int)PageKind.DataV2)]
    [InlineData((int)PageKind.Dictionary)]
    public void Read_PageWithAChecksum_IsCheckedAgainstIt(int kind)
    {
        byte[] stored = Plain("one");
        int right = unchecked((int)Crc32.HashToUInt32(stored));
        foreach (int off in (int[])[0, 1])
        {
            Page page = new(1, stored) { Kind = (PageKind)kind, Checksum = right ^ off };
            // An index of one bit, which is 0, in a run of one.
            Page[] pages = kind == (int)PageKind.Dictionary ? [page, new Page(1, [1, 2, 0]) { Encoding = PageEncoding.RunLengthDictionary }] : [page];
            Write(1, (new Column("a"), pages));
            if (off == 0) Assert.Equal(["""1:{"a":"one"}"""], Read());
            else Assert.Contains("has another checksum than its header says: the file is damaged", Assert.Throws<DataFormatException>(Read).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_ZstdWindowAboveTheLimit_SaysWhichOption()
    {
        // A frame that does not say how long its text is, so that its window is that of the header.
        using MemoryStream stored = new();
        using (ZstdSharp.CompressionStream zstd = new(stored, 1, leaveOpen: true))
        {
            zstd.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, 24);
            zstd.Write(Plain("one"));
        }

        Write(1, (new Column("a", Codec: ParquetCodec.Zstd), [new Page(1, stored.ToArray()) { UncompressedSize = 7 }]));
        Assert.Equal(["""1:{"a":"one"}"""], Read());
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], new RecordSourceOptions { MaximumZstdWindow = Megabyte });
        Assert.Contains(
            "a zstd window of more than the 1048576 bytes that RecordSourceOptions.MaximumZstdWindow allows", Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Cancelled_EndsWithinALongRowAndTheRowIsReadAgain()
    {
        // 2,000 pages of 134,217,728 nulls each in one row: minutes of work. The second row is short.
        Page page = new(1 << 27, [.. Levels((1 << 27, 1)), .. Levels((1 << 27, 0))]);
        Page first = new(1, [.. Levels((1, 0)), .. Levels((1, 0))]);
        Write(2, (new Column("list", Repetition: Repetition.Repeated), Enumerable.Repeat(page, 2000).Prepend(first).Append(first)));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], s_small);
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => source.Next(cancellation.Token));
        Assert.Equal((0, 0), (source.Report.Records, source.Report.BadLines));
    }

    private static Page Zstd(params string[] texts)
    {
        byte[] plain = Plain(texts);
        return new Page(texts.Length, plain.Zstd()) { UncompressedSize = plain.Length };
    }

    private void Write(long rows, params (Column Column, IEnumerable<Page> Pages)[] columns)
    {
        using HandMadeParquet file = new(folder["a.parquet"]);
        foreach ((Column column, IEnumerable<Page> pages) in columns) file.Write(column, pages);
        file.End(rows);
    }

    private List<string> Read()
    {
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]]);
        return [.. source.All().Select(Reads.Shown)];
    }
}
