using System.Text;
using System.Text.Json.Nodes;
using LongContext.Data.Reading;
using LongContext.TestSupport;

namespace LongContext.Data.Tables;

public sealed class CsvReaderTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", """2:{"a":"1","b":"2"}""", """3:{"a":"3","b":"4"}""")]
    [InlineData("a,b\r\n1,2\r\n3,4", """2:{"a":"1","b":"2"}""", """3:{"a":"3","b":"4"}""")]
    [InlineData("\uFEFFa,b\n1,\n,4\n", """2:{"a":"1","b":""}""", """3:{"a":"","b":"4"}""")]
    [InlineData("\n\na,b\n\n1,2\n\r\n3,4\n\n", """5:{"a":"1","b":"2"}""", """7:{"a":"3","b":"4"}""")]
    [InlineData("a,b\n\"1,\n\n2\",\"x\"\"y\"\"\"\n\"\",\" z \"\n", """2:{"a":"1,\n\n2","b":"x\u0022y\u0022"}""", """5:{"a":"","b":" z "}""")]
    [InlineData("\"a\",\"b, c\"\n1,5\" pipe\n \"q\",x\n", """2:{"a":"1","b, c":"5\u0022 pipe"}""", """3:{"a":" \u0022q\u0022","b, c":"x"}""")]
    [InlineData("a;b,c\td;e\n1;2,3;4\n", """2:{"a":"1","b,c\td":"2,3","e":"4"}""")]
    [InlineData("a|b\n1|2\n", """2:{"a":"1","b":"2"}""")]
    [InlineData("text\n\"only one, he said\"\n", """2:{"text":"only one, he said"}""")]
    [InlineData(",a\n0,x\n", """2:{"":"0","a":"x"}""")]
    [InlineData("a,b\n")]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public void Read_Csv_GivesEveryRecordAsText(string content, params string[] expected) => Assert.Equal(expected, Read("a.csv", content));

    [Fact]
    public void Read_Tsv_SeparatesByTabsWhateverElseThereIs() =>
        Assert.Equal(["""2:{"a,b,c":"1,2","d":"3"}"""], Read("a.tsv", "a,b,c\td\n1,2\t3\n"));

    [Fact]
    public void Read_OptionsOfTables_AreFollowed()
    {
        Assert.Equal(["""1:{"x":"1","y":"2"}""", """2:{"x":"3","y":"4"}"""], Read("a.csv", "1,2\n3,4\n", new TableOptions { ColumnNames = ["x", "y"] }));
        Assert.Equal(["""2:{"b":"2"}"""], Read("a.csv", "a,b,c\n1,2,3\n", new TableOptions { Columns = ["b"] }));
        Assert.Equal(["""2:{"a,b":"1,2"}"""], Read("a.csv", "a,b#\n1,2#\n".Replace("#", "", StringComparison.Ordinal), new TableOptions { Separator = ':' }));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Read("a.csv", "", new TableOptions { Columns = [], Separator = '"', ColumnNames = ["a", "a"] }));
        Assert.All(new[] { "Columns", "Separator", "ColumnNames has a name twice" }, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a,b\n1,2\n1,2,3\n4,5\n", "line 3: the record has 3 fields, expected 2 (\"a\", \"b\").")]
    [InlineData("a,b\n1,2\n1\n4,5\n", "line 3: the record has 1 fields, expected 2")]
    [InlineData("a,b\n\"x\ny\",2\n\"1\"2,3\n4,5\n", "line 4: after the closing quote of field 1 stands '2'")]
    [InlineData("a\nonly one, he said\n4\n", "line 2: the record has 2 fields, expected 1 (\"a\")")]
    [InlineData("a,b\n4,5\n1,\"2\n4,5\n", "line 3: a quoted field is not closed before the file ends.")]
    [InlineData("a,b,a\n1,2,3\n4,5,6\n", "line 1: the header has \"a\" more than once", true)]
    [InlineData("a,b,\"a\n", "line 1: the header: a quoted field is not closed", true)]
    [InlineData("a,b\r1,2\r4,5\r", "line 1: the header has a carriage return in it that no line feed follows", true)]
    public void Read_BadRecords_AreNamedByTheirFirstLineAndPassedWhereAsked(string content, string expected, bool endsFile = false)
    {
        Assert.Contains(expected, Assert.Throws<DataFormatException>(() => Read("a.csv", content)).Message, StringComparison.Ordinal);
        using TemporaryFolder folder = Write("a.csv", Encoding.UTF8.GetBytes(content));
        RecordSourceOptions skip = new() { BadLines = BadLines.Skip, SkipBrokenFiles = true };
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]], skip);
        List<DataRecord> records = source.All();
        Assert.Equal(1, source.Report.BadLines);
        Assert.Equal(endsFile, records.Count == 0);
        if (endsFile) Assert.Throws<DataFormatException>(() => RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { BadLines = BadLines.Skip }).All());
        else Assert.Contains(records, record => record.Fields["a"]!.GetValue<string>() == "4");
    }

    [Fact]
    public void Read_MissingColumn_SaysWhichThereAre() =>
        Assert.Contains("there is no column \"text\"; found \"a\", \"b\".", Assert.Throws<DataFormatException>(() => Read("a.csv", "a,b\n1,2\n", new TableOptions { Columns = ["a", "text"] })).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_BrokenUtf8_IsItsOwnRecordsFault()
    {
        using TemporaryFolder folder = Write("a.csv", [.. "a,b\n1,2\n3,"u8, 0xC3, 0x28, .. "\n5,6\n"u8]);
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { BadLines = BadLines.Skip });
        Assert.Equal(["1", "5"], source.All().Select(record => record.Fields["a"]!.GetValue<string>()));
        Assert.Contains("line 3: byte 2 of the record is not UTF-8", Assert.Single(source.Report.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BooksOfManyMegabytes_AreWholeAndTooLongOnesArePassed()
    {
        // 20 million characters, with every kind of thing in it that could end it early.
        StringBuilder book = new();
        while (book.Length < 20_000_000) book.Append("He said \"no\", and\r\nleft; then 😀\n");
        string content = $"id,text\n1,\"{book.Replace("\"", "\"\"")}\"\n2,short\n";
        book.Replace("\"\"", "\"");
        using TemporaryFolder folder = Write("a.csv", Encoding.UTF8.GetBytes(content));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]]);
        List<DataRecord> records = source.All();
        Assert.Equal(book.ToString(), records[0].Text());
        Assert.Equal("short", records[1].Text());

        using RecordSource<DataRecord> limited = RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { MaximumRecordBytes = 1_000_000, BadLines = BadLines.Skip });
        Assert.Equal("short", Assert.Single(limited.All()).Text());
        Assert.Contains("line 2: the record is longer than 1000000 bytes", Assert.Single(limited.Report.Faults), StringComparison.Ordinal);
        Assert.Equal(records[1].Origin.Number, RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { MaximumRecordBytes = 1_000_000, BadLines = BadLines.Skip }).All()[0].Origin.Number);
    }

    [Fact]
    public void Read_RandomTables_ComeBackAsTheyWereWrittenAndResumeAnywhere()
    {
        string[] pieces = ["a", ",", "\"", "\n", "\r\n", ";", " ", "é", "😀", "\t", "|", "long word", ""];
        for (int seed = 0; seed < 60; seed++)
        {
            SplitMix64 random = new(seed, 0);
            int columns = 1 + random.NextInt(4), rows = random.NextInt(12);
            string[][] table = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => string.Concat(Enumerable.Range(0, random.NextInt(5)).Select(_ => pieces[random.NextInt(pieces.Length)]))).ToArray())];
            char separator = ",;\t|"[random.NextInt(4)];
            string Field(string text) => text.AsSpan().IndexOfAny("\"\n\r" + separator) >= 0 || text.Length == 0 || random.NextInt(3) == 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
            string content = string.Concat(table.Prepend([.. Enumerable.Range(0, columns).Select(i => $"c{i}")]).Select(row => string.Join(separator, row.Select(Field)) + (random.NextInt(2) == 0 ? "\n" : "\r\n")));
            byte[] bytes = Encoding.UTF8.GetBytes(content);
            bool compressed = seed % 3 == 0;
            using TemporaryFolder folder = Write(compressed ? "a.csv.gz" : "a.csv", compressed ? bytes.Gzip() : bytes);
            string path = folder[compressed ? "a.csv.gz" : "a.csv"];
            RecordSourceOptions options = new() { Tables = new TableOptions { Separator = separator } };
            RecordSource<DataRecord> Open() => RecordSource.FromFiles([path], options);
            using RecordSource<DataRecord> whole = Open();
            List<DataRecord> records = whole.All();
            Assert.Equal(table, records.Select(record => record.Fields.Select(field => field.Value!.GetValue<string>()).ToArray()));
            for (int stop = 0; stop <= rows; stop++)
            {
                using RecordSource<DataRecord> first = Open(), second = Open();
                first.All(stop);
                second.Restore(first.Capture().ThroughAFile());
                Assert.Equal(records[stop..].Select(Reads.Shown), second.All().Select(Reads.Shown));
            }
        }
    }

    [Fact]
    public void Read_AMillionColumns_TakesMemoryAsTheirNumber()
    {
        const int count = 1_000_000;
        string header = string.Join(',', Enumerable.Range(0, count)), row = new(',', count - 1);
        using TemporaryFolder folder = Write("a.csv", Encoding.UTF8.GetBytes($"{header}\n{row}\n{row},\n{row[1..]}x\n{header}\n"));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { BadLines = BadLines.Skip });
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([2L, 5], source.All().Select(record => record.Origin.Number));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2L << 30);
        Assert.Contains("line 3: the record has 1000001 fields, expected 1000000 (\"0\", \"1\", ", source.Report.Faults[0], StringComparison.Ordinal);
        Assert.Contains("line 4: the record has 999999 fields", source.Report.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FarMoreFieldsThanColumns_AreCountedNotKept()
    {
        using TemporaryFolder folder = Write("a.csv", Encoding.UTF8.GetBytes($"a,b\n{new string(',', 40_000_000)}\n{string.Concat(Enumerable.Repeat("\"x\",", 1_000_000))}\n4,5\n"));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]], new RecordSourceOptions { BadLines = BadLines.Skip });
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("4", Assert.Single(source.All()).Fields["a"]!.GetValue<string>());
        // A list of forty million references alone would take 500 MB, as it doubles.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200L << 20);
        Assert.Contains("line 2: the record has 40000001 fields, expected 2", source.Report.Faults[0], StringComparison.Ordinal);
        Assert.Contains("line 3: the record has 1000001 fields, expected 2", source.Report.Faults[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HeaderOfFarTooManyColumns_EndsTheFile()
    {
        string content = new(',', 12_000_000);
        Assert.Contains("line 1: the header: it has 12000001 columns, expected 10000000 at most.", Assert.Throws<DataFormatException>(() => Read("a.csv", content)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HeaderWithoutEnd_CanBeCancelled()
    {
        using TemporaryFolder folder = Write("a.csv", Encoding.UTF8.GetBytes("\"" + new string('x', 1_000_000)));
        File.WriteAllText(folder["a.json"], new string(' ', 1_000_000));
        foreach (string name in new[] { "a.csv", "a.json" })
            Assert.Throws<OperationCanceledException>(() => RecordFormats.Open(folder[name], new RecordSourceOptions(), new CancellationToken(true)));
    }

    [Fact]
    public void Read_CsvOfDuckDb_IsWhatItWrote()
    {
        string folder = Path.Combine(TestPaths.Fixtures, "parquet");
        JsonObject[] expected = [.. File.ReadLines(Path.Combine(folder, "duckdb-csv.jsonl")).Select(line => (JsonObject)JsonNode.Parse(line)!)];
        using RecordSource<DataRecord> source = RecordSource.FromFiles([Path.Combine(folder, "duckdb.csv")], new RecordSourceOptions { Tables = new TableOptions { Columns = ["id", "lang", "body"] } });
        Assert.Equal(expected.Select(record => record.ToJsonString()), source.All().Select(record => record.Fields.ToJsonString()));
    }

    [Fact]
    public void Read_MutatedBytes_GiveRecordsOrFaultsOnly()
    {
        byte[] good = Encoding.UTF8.GetBytes("id,text,lang\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"{i},\"text \"\"{i}\"\",\nline é😀\",en\n")));
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        RecordSourceOptions options = new() { BadLines = BadLines.Skip, MaximumBadShare = 1, SkipBrokenFiles = true, MaximumRecordBytes = 200 };
        for (int seed = 0; seed < 1500; seed++)
        {
            SplitMix64 random = new(seed, 1);
            byte[] bytes = [.. good];
            for (int i = random.NextInt(6); i >= 0; i--) bytes[random.NextInt(bytes.Length)] = random.NextInt(3) == 0 ? "\",\n\r\0"u8[random.NextInt(5)] : (byte)random.NextInt(256);
            File.WriteAllBytes(folder["a.csv"], bytes);
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.csv"]], options);
            Assert.InRange(source.All().Count, 0, 60);
        }
    }

    private static string[] Read(string name, string content, TableOptions? tables = null)
    {
        using TemporaryFolder folder = Write(name, Encoding.UTF8.GetBytes(content));
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder[name]], new RecordSourceOptions { Tables = tables ?? new TableOptions() });
        return [.. source.All().Select(Reads.Shown)];
    }

    private static TemporaryFolder Write(string name, byte[] content)
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder[name], content);
        return folder;
    }
}
