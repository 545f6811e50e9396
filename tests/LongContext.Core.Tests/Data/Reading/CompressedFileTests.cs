using System.IO.Compression;
using LongContext.TestSupport;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace LongContext.Data.Reading;

public sealed class CompressedFileTests : IDisposable
{
    private static readonly string[] s_lines = Reads.JsonLines(5000);
    private static readonly string[] s_texts = [.. s_lines.Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!["text"]!.GetValue<string>())];

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public static TheoryData<string> Compressions => ["gz", "zst"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_OneFrame_GivesEveryLine(string compression) => Assert.Equal(s_texts, Read(Compress(compression, Lines(0, 5000)), compression));

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_ManyFrames_GivesEveryLine(string compression)
    {
        // Frames that end within lines, and empty ones.
        byte[] text = Lines(0, 5000);
        byte[][] parts = [[], text[..17], text[17..60_001], [], [], text[60_001..60_002], text[60_002..], []];
        Assert.Equal(s_texts, Read([.. parts.SelectMany(part => Compress(compression, part))], compression));
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_AFrameForEachLine_GivesEveryLine(string compression) =>
        Assert.Equal(s_texts, Read([.. Enumerable.Range(0, 5000).SelectMany(i => Compress(compression, Lines(i, i + 1)))], compression));

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_AnyName_IsDecompressedByItsFirstBytes(string compression)
    {
        File.WriteAllBytes(folder["a.jsonl"], Compress(compression, Lines(0, 50)));
        File.WriteAllBytes(folder["b.jsonl.gz"], Compress(compression, Lines(0, 50)));
        Assert.Equal(s_texts[..50], Reads.Texts(folder["a.jsonl"]));
        Assert.Equal(s_texts[..50], Reads.Texts(folder["b.jsonl.gz"]));
    }

    [Theory]
    [InlineData("a.jsonl.gz", "gzip")]
    [InlineData("a.jsonl.zst", "zstd")]
    [InlineData("a.JSONL.ZSTD", "zstd")]
    public void Read_NotCompressedAsNamed_SaysSo(string name, string expected)
    {
        File.WriteAllBytes(folder[name], Lines(0, 1));
        string message = Reads.Fault(folder[name]).Message;
        Assert.Contains($"{name}: the file begins with the bytes 7B226E22, which is not {expected}", message, StringComparison.Ordinal);
        File.WriteAllBytes(folder[name], []);
        Assert.Contains($"the file is empty, expected {expected}", Reads.Fault(folder[name]).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xz", "FD377A585A00")]
    [InlineData("bzip2", "425A6839314159265359")]
    [InlineData("lz4", "04224D18")]
    [InlineData("zip", "504B0304")]
    [InlineData("Parquet", "50415231")]
    public void Read_OtherCompressions_AreNamed(string name, string first)
    {
        File.WriteAllBytes(folder["a.jsonl"], [.. Convert.FromHexString(first), 1, 2, 3]);
        Assert.Contains($"a.jsonl: the file is {name} by its first bytes, which is not read", Reads.Fault(folder["a.jsonl"]).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["a.txt"], "BZh9 is text");
        Assert.Equal(["BZh9 is text"], Reads.Texts(folder["a.txt"]));
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public void TextDocuments_CompressedFile_GivesItsDocuments(string compression)
    {
        File.WriteAllBytes(folder["a.jsonl." + compression], Compress(compression, Lines(2, 50)));
        Assert.Equal(s_texts[2..50], TextDocuments.Read(folder["a.jsonl." + compression]));
        File.WriteAllBytes(folder["a.txt." + compression], Compress(compression, Lines(2, 50)));
        Assert.Equal([System.Text.Encoding.UTF8.GetString(Lines(2, 50))], TextDocuments.Read(folder["a.txt." + compression]));
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_CutAnywhere_GivesLinesAndThenAFault(string compression)
    {
        byte[] whole = [.. Compress(compression, Lines(0, 40)), .. Compress(compression, Lines(40, 80))];
        int border = Compress(compression, Lines(0, 40)).Length;
        for (int length = 4; length < whole.Length; length++)
        {
            if (length == border) continue; // which is a whole file
            File.WriteAllBytes(folder["a.jsonl." + compression], whole[..length]);
            using RecordSource<string> source = RecordSource.FromFiles([folder["a.jsonl." + compression]], Reads.Text);
            List<string> given = [];
            DataFormatException fault = Assert.Throws<DataFormatException>(() =>
            {
                while (source.Next() is { } text) given.Add(text);
            });
            // Not one line that is cut short: the fault comes before the end would.
            Assert.Equal(s_texts[..given.Count], given);
            Assert.Contains("a.jsonl." + compression, fault.Message, StringComparison.Ordinal);
            if (length > border) Assert.True(given.Count >= 39, $"{given.Count} lines of the first 40 at {length}");
            Assert.Equal(fault.Message, Assert.Throws<DataFormatException>(() => source.Next()).Message);
        }
    }

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_AnyByteChanged_IsAFaultOrTheSameText(string compression)
    {
        byte[] whole = Compress(compression, Lines(0, 60));
        int faults = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            foreach (int bit in (int[])[1, 128])
            {
                byte[] changed = [.. whole];
                changed[at] ^= (byte)bit;
                File.WriteAllBytes(folder["a.jsonl." + compression], changed);
                using RecordSource<string> source = RecordSource.FromFiles([folder["a.jsonl." + compression]], Reads.Text);
                bool isFault = false;
                List<string> given = [];
                try
                {
                    given = source.All();
                }
                catch (DataFormatException)
                {
                    isFault = true;
                }

                // Some bytes say nothing of the text (a time, bits behind the end of the data); all others are under a checksum.
                if (isFault) faults++;
                else Assert.Equal(s_texts[..60], given);
            }
        }

        Assert.True(faults > 1.9 * whole.Length, $"{faults} faults in {2 * whole.Length} files");
    }

    [Fact]
    public void Read_GzipWithEveryHeaderField_IsRead()
    {
        byte[] plain = Lines(0, 9).Gzip();
        byte[] header = [.. plain[..10]];
        header[3] = 2 + 4 + 8 + 16;
        byte[] extra = new byte[2000];
        byte[] full = [.. header, 2000 & 255, 2000 >> 8, .. extra, .. "name.jsonl"u8, 0, .. new byte[700].Select(_ => (byte)'c'), 0, 0x12, 0x34, .. plain[10..]];
        Assert.Equal([.. s_texts[..9], .. s_texts[..9]], Read([.. full, .. full], "gz"));
    }

    [Fact]
    public void Read_GzipPaddedWithZeros_IsRead() => Assert.Equal(s_texts[..9], Read([.. Lines(0, 9).Gzip(), .. new byte[9000]], "gz"));

    [Theory]
    [InlineData("gz", "is not a whole gzip header")]
    [InlineData("zst", "Unknown frame descriptor")]
    public void Read_SomethingBehindTheEnd_IsAFaultAfterAllLines(string compression, string expected)
    {
        File.WriteAllBytes(folder["a.jsonl." + compression], [.. Compress(compression, Lines(0, 9)), .. "something else"u8]);
        using RecordSource<string> source = RecordSource.FromFiles([folder["a.jsonl." + compression]], Reads.Text);
        Assert.Equal(s_texts[..8], source.All(8));
        Assert.Contains(expected, Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZstdFramesToBeSkipped_AreSkipped()
    {
        byte[] skipped = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3];
        byte[] frame = Lines(0, 9).Zstd();
        Assert.Equal([.. s_texts[..9], .. s_texts[..9]], Read([.. skipped, .. frame, .. skipped, .. skipped, .. frame, .. skipped], "zst"));
    }

    [Fact]
    public void Read_ZstdWindowAboveTheLimit_SaysWhichOption()
    {
        foreach (int log in (int[])[20, 27, 28])
        {
            using (FileStream file = File.Create(folder["a.jsonl.zst"]))
            using (CompressionStream zstd = new(file, 1))
            {
                zstd.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, log);
                zstd.Write(Lines(0, 50));
            }

            if (log <= 27) Assert.Equal(s_texts[..50], Reads.Texts(folder["a.jsonl.zst"]));
            else Assert.Contains("a window of more than the 134217728 bytes that RecordSourceOptions.MaximumZstdWindow allows", Reads.Fault(folder["a.jsonl.zst"]).Message, StringComparison.Ordinal);
            if (log > 20) Assert.Contains("MaximumZstdWindow", Reads.Fault(folder["a.jsonl.zst"], new RecordSourceOptions { MaximumZstdWindow = 1 << 20 }).Message, StringComparison.Ordinal);
            Assert.Equal(s_texts[..50], Reads.Texts(folder["a.jsonl.zst"], new RecordSourceOptions { MaximumZstdWindow = 1L << 31 }));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    public void Read_ZstdLevels_AreRead(int level) => Assert.Equal(s_texts, Read(Lines(0, 5000).Zstd(level), "zst"));

    [Theory]
    [MemberData(nameof(Compressions))]
    public void Read_Bomb_TakesNoMemory(string compression)
    {
        // A gigabyte of one letter, in between two lines.
        string path = folder["a.jsonl." + compression];
        using (FileStream file = File.Create(path))
        using (Stream compressed = compression == "gz" ? new GZipStream(file, CompressionLevel.Fastest) : new CompressionStream(file, 1))
        {
            compressed.Write("{\"text\":\"a\"}\n{\"text\":\""u8);
            byte[] block = new byte[1 << 20];
            block.AsSpan().Fill((byte)'x');
            for (int i = 0; i < 1024; i++) compressed.Write(block);
            compressed.Write("\"}\n{\"text\":\"b\"}\n"u8);
        }

        RecordSourceOptions options = new() { MaximumRecordBytes = 1 << 20, BadLines = BadLines.Skip };
        Reads.Texts(path, options);
        long before = GC.GetAllocatedBytesForCurrentThread();
        using RecordSource<string> source = RecordSource.FromFiles([path], Reads.Text, options);
        Assert.Equal(["a", "b"], source.All());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, 16 << 20);
        Assert.Contains("line 2: the line is longer than 1048576 bytes", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
    }

    private static byte[] Lines(int from, int to) => string.Concat(s_lines[from..to].Select(line => line + "\n")).Utf8();

    private static byte[] Compress(string compression, byte[] text) => compression == "gz" ? text.Gzip() : text.Zstd();

    private string[] Read(byte[] file, string compression)
    {
        File.WriteAllBytes(folder["a.jsonl." + compression], file);
        return Reads.Texts(folder["a.jsonl." + compression]);
    }
}
