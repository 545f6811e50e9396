using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Data;
using LongContext.Data.Reading;
using ZstdSharp;

namespace LongContext.Benchmarks.Data;

/// <summary>
/// 64 MiB of JSON lines of 4,096 bytes, of which one text is taken, one thread; bytes are those of the uncompressed text. Baseline: what one
/// writes oneself, the lines of a <see cref="StreamReader"/> through <see cref="JsonNode.Parse(string, JsonNodeOptions?, JsonDocumentOptions)"/>, which checks neither UTF-8 nor
/// double names and cannot go on from a place.
/// </summary>
[Work("bytes", LineBytes * LineCount)]
public class ReadingBenchmarks
{
    private const int LineBytes = 4096, LineCount = 16_384;
    private string folder = "";

    /// <summary>The file's form, by its extension.</summary>
    [Params("jsonl", "jsonl.zst", "jsonl.gz", "json")]
    public string Form { get; set; } = "";

    private string FilePath => Path.Combine(folder, "lines." + Form);

    [GlobalSetup]
    public void Setup()
    {
        folder = Directory.CreateTempSubdirectory("longcontext-reading-").FullName;
        byte[] text = Lines(isArray: Form == "json");
        using (FileStream file = File.Create(FilePath))
        using (Stream compressed = Form switch
        {
            "jsonl.zst" => new CompressionStream(file, 3),
            "jsonl.gz" => new GZipStream(file, CompressionLevel.Optimal),
            _ => file,
        })
        {
            compressed.Write(text);
        }

        Agreement.Require("characters", ReadLinesAndParse(), Records(), 0);
    }

    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(folder, recursive: true);

    [Benchmark(Baseline = true)]
    public long ReadLinesAndParse()
    {
        long characters = 0;
        if (Form == "json")
        {
            using FileStream array = File.OpenRead(FilePath);
            foreach (JsonNode? element in JsonSerializer.DeserializeAsyncEnumerable<JsonNode>(array).ToBlockingEnumerable()) characters += element!["text"]!.GetValue<string>().Length;
            return characters;
        }

        using StreamReader lines = new(Form switch
        {
            "jsonl.zst" => new DecompressionStream(File.OpenRead(FilePath), leaveOpen: false),
            "jsonl.gz" => new GZipStream(File.OpenRead(FilePath), CompressionMode.Decompress),
            _ => File.OpenRead(FilePath),
        });
        while (lines.ReadLine() is { } line) characters += JsonNode.Parse(line)!["text"]!.GetValue<string>().Length;
        return characters;
    }

    [Benchmark]
    public long Records()
    {
        using RecordSource<string> source = RecordSource.FromFiles([FilePath], record => record.Fields["text"]!.GetValue<string>());
        long characters = 0;
        while (source.Next() is { } text) characters += text.Length;
        return characters;
    }

    /// <summary>With the place taken after every record, as a run does that may be stopped at any.</summary>
    [Benchmark]
    public long RecordsAndStates()
    {
        using RecordSource<string> source = RecordSource.FromFiles([FilePath], record => record.Fields["text"]!.GetValue<string>());
        long characters = 0;
        StreamState? state = null;
        while (source.Next() is { } text)
        {
            characters += text.Length;
            state = source.Capture();
        }

        return characters + state!.GetNumber("file");
    }

    private static byte[] Lines(bool isArray)
    {
        const string Start = "{\"id\":\"document\",\"text\":\"", End = "\\n\",\"meta\":{\"source\":\"web\",\"score\":0.5}}";
        const int TextLength = LineBytes - 1;
        // ASCII alone, so that characters are bytes.
        string prose = new([.. Material.Prose(2_000_000).Where(c => c is >= ' ' and < (char)127 and not '"' and not '\\')]);
        StringBuilder lines = new(LineBytes * LineCount);
        for (int i = 0; i < LineCount; i++)
        {
            int length = TextLength - Start.Length - End.Length;
            int begin = (int)(i * 7919L % (prose.Length - length));
            lines.Append(isArray ? (i == 0 ? "[" : ",") : "").Append(Start).Append(prose, begin, length - (isArray ? 1 : 0)).Append(End).Append('\n');
        }

        if (isArray) lines[^1] = ']';
        return Encoding.UTF8.GetBytes(lines.ToString());
    }
}
