using System.Diagnostics;
using System.Globalization;
using LongContext.Data.Columnar;
using LongContext.TestSupport;
using ZstdSharp;

namespace LongContext.Data.Reading;

/// <summary>Files far larger than memory go through in memory that does not grow with them.</summary>
public sealed class StreamingMemoryTests(ITestOutputHelper output)
{
    /// <summary>Letters of the documents, in turn; the large ones are rare, as in the field.</summary>
    private static readonly int[] s_lengths = [.. Enumerable.Repeat((int[])[300, 4_000, 1_200, 20_000, 700], 60).SelectMany(lengths => lengths), 200_000, 3_000_000];

    [Theory]
    [InlineData("a.jsonl.zst", false)]
    [InlineData("a.jsonl.zst", true)]
    [InlineData("a.json.zst", false)]
    [InlineData("a.parquet", false)]
    public void Reading_FourHundredMegabytes_StaysUnderThreeHundred(string name, bool serverGc) => Run(name, 400L << 20, 300L << 20, serverGc);

    [Fact]
    [Trait("Category", "Slow")]
    public void Reading_FiveGigabytes_StaysUnderThreeHundredMegabytes()
    {
        SlowTests.SkipUnlessAsked();
        Run("a.jsonl.zst", 5L << 30, 300L << 20);
    }

    private void Run(string name, long bytes, long limit, bool serverGc = false)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "peak memory is read from /proc");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string path = folder[name];
        (long records, long characters, ulong sum) = name == "a.parquet" ? WriteParquet(path, bytes) : Write(path, bytes);
        ProcessStartInfo start = OwnProgram.With(MeasuredReading.Name, path);
        start.Environment["DOTNET_gcServer"] = serverGc ? "1" : "0";
        using Process process = Process.Start(start)!;
        string[] said = process.StandardOutput.ReadToEnd().Trim().Split(' ');
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(serverGc.ToString(), said[5]);
        output.WriteLine($"{bytes >> 20} MB of text in {new FileInfo(path).Length >> 20} MB: {records} records, peak {long.Parse(said[3], CultureInfo.InvariantCulture) >> 20} MB, {said[4]} collections of generation 2, server GC {said[5]}, {said[6]} s");
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{records} {characters} {sum}"), string.Join(' ', said[..3]));
        Assert.InRange(long.Parse(said[3], CultureInfo.InvariantCulture), 1, limit);
    }

    /// <summary>One row group of many pages: what reads column chunks whole takes as much memory as the file has text.</summary>
    private static (long Records, long Characters, ulong Sum) WriteParquet(string path, long bytes)
    {
        const int pageSize = 1 << 20;
        long records = 0, characters = 0;
        ulong sum = 0;
        using HandMadeParquet file = new(path);
        file.Write(new HandMadeParquet.Column("text", Codec: ParquetCodec.Zstd), Pages());
        file.End(records);
        return (records, characters, sum);

        IEnumerable<HandMadeParquet.Page> Pages()
        {
            for (long written = 0; written < bytes;)
            {
                List<string> texts = [];
                for (int size = 0; size < pageSize; size += texts[^1].Length) texts.Add(new string((char)('a' + (texts.Count % 26)), s_lengths[(records + texts.Count) % s_lengths.Length]));
                foreach (string text in texts)
                {
                    (records, characters, written) = (records + 1, characters + text.Length, written + text.Length);
                    sum = unchecked((sum * 31) + text[0] + text[^1]);
                }

                byte[] plain = HandMadeParquet.Plain([.. texts]);
                yield return new HandMadeParquet.Page(texts.Count, plain.Zstd()) { UncompressedSize = plain.Length };
            }
        }
    }

    private static (long Records, long Characters, ulong Sum) Write(string path, long bytes)
    {
        byte[] words = string.Concat(Enumerable.Range(0, 400_000).Select(i => $"w{(i * 7919L) % 100_003} ")).Utf8();
        long records = 0, characters = 0;
        ulong sum = 0;
        using FileStream file = File.Create(path);
        using CompressionStream zstd = new(file, -3);
        bool isArray = path.EndsWith(".json.zst", StringComparison.Ordinal);
        for (long written = 0; written < bytes; records++)
        {
            if (isArray) zstd.Write(records == 0 ? "[\n"u8 : ",\n"u8);
            int length = s_lengths[records % s_lengths.Length];
            int start = length > words.Length / 2 ? 0 : (int)(records * 131 % (words.Length - length));
            length = Math.Min(length, words.Length);
            zstd.Write("{\"id\":12345,\"text\":\""u8);
            zstd.Write(words, start, length);
            zstd.Write("\",\"meta\":{\"source\":\"web\"}}\n"u8);
            written += length + 45;
            characters += length;
            sum = unchecked((sum * 31) + words[start] + words[start + length - 1]);
        }

        if (isArray) zstd.Write("]"u8);
        return (records, characters, sum);
    }
}
