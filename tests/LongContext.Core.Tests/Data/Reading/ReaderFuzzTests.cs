using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.TestSupport;

namespace LongContext.Data.Reading;

/// <summary>Damaged lines, arrays and compressed files: each is read, or is a bad line, or ends its file; nothing else ever happens.</summary>
public sealed class ReaderFuzzTests(ITestOutputHelper output)
{
    private static readonly RecordSourceOptions s_skip = new() { BadLines = BadLines.Skip, MaximumBadLines = long.MaxValue, MaximumBadShare = 1, SkipBrokenFiles = true };
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A line of each form that the column maps know.</summary>
    private static readonly byte[][] s_valid = [.. ((string[])
    [
        """{"messages":[{"role":"user","content":"What is asked \"here\"?\nIn two lines."},{"role":"assistant","content":"42 \u2014 \ud83d\ude00"}],"length":8192}""",
        """{"id":"identity_0","conversations":[{"from":"human","value":"Who are you?"},{"from":"gpt","value":"I am a model."},{"from":"human","value":"Sure?"},{"from":"gpt","value":"Yes."}]}""",
        """{"instruction":"Give three tips.","input":"","output":"1. Eat.\n2. Sleep.\n3. Move."}""",
        """{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":null,"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}]}""",
        """{"prompt":"Once upon","completion":" a time, é, 漢字.","weight":-1.5e-3}""",
        """{"text":"Plain text of some length, with a tab\t, a slash \/ and a \\ in it.","meta":{"source":"web","score":0.25,"flags":[true,false,null]}}""",
    ]).Select(Encoding.UTF8.GetBytes)];

    [Fact]
    public void Lines_FiftyThousandMutated_AreRecordsOrBadLines() => FuzzLines(50_000, seed: 1);

    [Fact]
    [Trait("Category", "Slow")]
    public void Lines_AMillionMutated_AreRecordsOrBadLines()
    {
        SlowTests.SkipUnlessAsked();
        for (int part = 0; part < 10; part++) FuzzLines(100_000, seed: 100 + part);
    }

    [Fact]
    public void Arrays_ThousandsMutated_AreReadOrEndTheFile() => FuzzFiles(1_000, seed: 2, "a.json", ArrayOf, int.MaxValue);

    [Theory]
    [InlineData("gz")]
    [InlineData("zst")]
    public void Headers_ThousandsMutated_AreReadOrEndTheFile(string compression) => FuzzFiles(1_000, seed: 3, "a.jsonl." + compression, mutations => TwoFrames(mutations, compression), 24);

    [Theory]
    [MemberData(nameof(SlowFiles))]
    [Trait("Category", "Slow")]
    public void Files_ManyMutated_AreReadOrEndTheFile(string name) => FuzzFiles(
        SlowTests.Cases(30_000), seed: 4, name, name == "a.json" ? ArrayOf : mutations => TwoFrames(mutations, name[8..]), name == "a.json" ? int.MaxValue : 40);

    public static IEnumerable<TheoryDataRow<string>> SlowFiles() => SlowTests.Rows((string[])["a.json", "a.jsonl.gz", "a.jsonl.zst"]);

    private void FuzzLines(int count, long seed)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Mutations mutations = new(seed);
        using (FileStream file = File.Create(folder["a.jsonl"]))
        {
            for (int i = 0; i < count; i++)
            {
                file.Write(mutations.Of(s_valid[mutations.Draw(s_valid.Length)]));
                file.WriteByte((byte)'\n');
            }
        }

        // What a line is, found again from the whole file, and judged with other means than the reader's.
        byte[] all = File.ReadAllBytes(folder["a.jsonl"]);
        List<int> good = [], bad = [];
        int number = 0;
        foreach (Range range in all.AsSpan(..^1).Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = all.AsSpan()[range];
            if (number == 1 && line.StartsWith("\uFEFF"u8)) line = line[3..];
            if (Judge(line) is { } isGood) (isGood ? good : bad).Add(number);
        }

        List<int> foundGood = [], foundBad = [];
        RecordSourceOptions options = new()
        {
            BadLines = BadLines.Skip,
            MaximumBadLines = long.MaxValue,
            MaximumBadShare = 1,
            OnBadLine = fault => foundBad.Add((int)fault.LineNumber!.Value),
        };
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.jsonl"]], Walked, options);
        // A record, or the end, in so many calls: never more.
        for (int call = 0; call <= good.Count && source.Next() is { } record; call++) foundGood.Add((int)record.Origin.Number);
        Assert.Equal(good, foundGood);
        Assert.Equal(bad, foundBad);
        Assert.Null(source.Next());
        Assert.Equal((good.Count, bad.Count, 1), (source.Report.Records, source.Report.BadLines, source.Report.FilesRead));
        Assert.InRange(good.Count, count / 5, count);
        Assert.InRange(bad.Count, count / 5, number);
        output.WriteLine($"{number} lines: {good.Count} records, {bad.Count} bad, {number - good.Count - bad.Count} blank");
    }

    private void FuzzFiles(int count, long seed, string name, Func<Mutations, byte[]> make, int reach)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Mutations mutations = new(seed);
        long records = 0, bad = 0, whole = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] file = mutations.Of(make(mutations), reach);
            File.WriteAllBytes(folder[name], file);
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder[name]], Walked, s_skip);
            int given = 0;
            while (source.Next() is not null) Assert.True(++given <= 4 * file.Length, "more records than there can be");
            (records, bad, whole) = (records + given, bad + source.Report.BadLines, whole + (source.Report.BadLines == 0 ? 1 : 0));
            Assert.Equal(1, source.Report.FilesRead);
        }

        output.WriteLine($"{name}: {count} files, {whole} without a fault; {records} records, {bad} faults");
        Assert.InRange(whole, count / 20, count - (count / 20));
    }

    private static byte[] ArrayOf(Mutations mutations) =>
        [.. "["u8, .. s_valid[mutations.Draw(6)], .. ", "u8, .. s_valid[mutations.Draw(6)], .. ",\n"u8, .. s_valid[mutations.Draw(6)], .. "]\n"u8];

    private static byte[] TwoFrames(Mutations mutations, string compression)
    {
        byte[] text = [.. s_valid[mutations.Draw(6)], (byte)'\n'];
        byte[] first = compression == "gz" ? text.Gzip() : text.Zstd();
        // The second one's header is damaged too, now and then.
        return [.. first, .. mutations.Draw(3) == 0 ? mutations.Of(first, 20) : first];
    }

    /// <summary>A good line, a bad one, or neither.</summary>
    private static bool? Judge(ReadOnlySpan<byte> line)
    {
        string text;
        try
        {
            text = s_strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        if (text.All(c => c is ' ' or '\t' or '\r')) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object) return false;
            Walk(json.RootElement);
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void Walk(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in element.EnumerateArray()) Walk(item);
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject())
            {
                _ = property.Name;
                Walk(property.Value);
            }
        }
    }

    /// <summary>Looks at everything in a record: nothing in it may throw once it has been given.</summary>
    private static DataRecord Walked(DataRecord record)
    {
        try
        {
            Walk(record.Fields);
            return record;
        }
        catch (Exception fault)
        {
            // Not one of the exceptions that make a line a bad one.
            throw new TimeoutException($"{record.Origin} was given, but not sound: {fault}", fault);
        }
    }

    private static void Walk(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((_, JsonNode? value) in fields) Walk(value);
                break;
            case JsonArray items:
                foreach (JsonNode? item in items) Walk(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
            default:
                _ = node?.ToJsonString();
                break;
        }
    }
}
