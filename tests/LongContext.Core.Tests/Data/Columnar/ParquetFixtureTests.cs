using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Data.Tables;
using LongContext.TestSupport;

namespace LongContext.Data.Columnar;

/// <summary>Files that other programs wrote; tests/Fixtures/parquet/README.md says which and how.</summary>
public sealed class ParquetFixtureTests
{
    public static string Folder { get; } = Path.Combine(TestPaths.Fixtures, "parquet");

    public static IEnumerable<TheoryDataRow<string>> Files => TestPaths.FixtureFiles("*.parquet", "parquet");

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_File_HoldsWhatWasWritten(string file)
    {
        JsonObject[] expected = Expected(file);
        using RecordSource<DataRecord> source = RecordSource.FromFiles([Path.Combine(Folder, file)]);
        List<DataRecord> records = source.All();
        Assert.Equal(expected.Length, records.Count);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal((i + 1L, "row"), (records[i].Origin.Number, records[i].Origin.Unit));
            foreach ((string name, JsonNode? value) in records[i].Fields)
            {
                Assert.True(Same(expected[i][name], value), $"row {i + 1}, {name}: expected {expected[i][name]?.ToJsonString() ?? "null"}, found {value?.ToJsonString() ?? "null"}");
            }
        }

        Assert.True(source.Report.BytesRead > 0);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_File_ResumesAtEveryRow(string file)
    {
        RecordSource<DataRecord> Open() => RecordSource.FromFiles([Path.Combine(Folder, file), Path.Combine(Folder, "duckdb-snappy.parquet")]);
        using RecordSource<DataRecord> whole = Open();
        string[] records = [.. whole.All().Select(Reads.Shown)];
        for (int stop = 0; stop <= records.Length; stop += stop is > 20 and < 50 ? 7 : 1)
        {
            using RecordSource<DataRecord> first = Open(), second = Open();
            first.All(stop);
            second.All(1);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(records[stop..], second.All().Select(Reads.Shown));
        }
    }

    [Fact]
    public void Read_Columns_ReadsThemAlone()
    {
        string path = Path.Combine(Folder, "arrow-rs-v2-zstd.parquet");
        using RecordSource<DataRecord> some = Open("lang", "messages.content", "meta.ids");
        List<DataRecord> records = some.All();
        using RecordSource<DataRecord> begun = Open("lang", "messages.content", "meta.ids"), all = RecordSource.FromFiles([path]);
        Assert.NotNull(begun.Next(TestContext.Current.CancellationToken));
        Assert.NotNull(all.Next(TestContext.Current.CancellationToken));
        Assert.InRange(begun.Report.BytesRead, 1, all.Report.BytesRead / 2);
        all.Restore(RecordSource.FromFiles([path]).Capture());
        List<DataRecord> whole = all.All();
        for (int i = 0; i < whole.Count; i++)
        {
            Assert.Equal(["lang", "messages", "meta"], records[i].Fields.Select(field => field.Key));
            Assert.True(Same(whole[i].Fields["lang"], records[i].Fields["lang"]));
            Assert.Equal(
                (whole[i].Fields["messages"] as JsonArray)?.Select(message => message!["content"]?.GetValue<string>()),
                (records[i].Fields["messages"] as JsonArray)?.Select(message => Assert.IsType<JsonObject>(message).Single().Value?.GetValue<string>()));
            Assert.Equal(whole[i].Fields["meta"]?["ids"]?.ToJsonString(), records[i].Fields["meta"]?["ids"]?.ToJsonString());
        }

        using RecordSource<DataRecord> missing = Open("lang", "text", "meta.size");
        Assert.Contains("there is no column \"text\", \"meta.size\"; found \"id\", \"lang\"", Assert.Throws<DataFormatException>(() => missing.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);

        RecordSource<DataRecord> Open(params string[] columns) => RecordSource.FromFiles([path], new RecordSourceOptions { Tables = new TableOptions { Columns = columns } });
    }

    [Fact]
    public void Read_MessagesThroughAMap_AreConversations()
    {
        ColumnMap map = ColumnMap.Chat(ChatColumns.LongAlign with { Faults = ConversationFaults.LeaveOut });
        using RecordSource<TrainingExample> source = RecordSource.FromFiles(
            [Path.Combine(Folder, "duckdb-zstd.parquet")], map, new RecordSourceOptions { Tables = new TableOptions { Columns = ["messages"] }, BadLines = BadLines.Skip, MaximumBadShare = 1 });
        List<TrainingExample> examples = source.All();
        JsonArray?[] expected = [.. Expected("duckdb-zstd.parquet").Select(row => (JsonArray?)row["messages"])];
        Assert.Equal(expected.Count(messages => messages is { Count: > 0 } && messages.All(message => message!["content"] is not null)), examples.Count);
        Assert.All(examples, example => Assert.Equal(
            expected[(int)example.Origin!.Number - 1]!.Select(message => message!["content"]!.GetValue<string>()), ((ChatExample)example).Turns.Select(turn => turn.Content)));
        // No list of messages and no text in a message are bad; an empty list is no conversation.
        Assert.Equal(expected.Count(messages => messages is null || messages.Any(message => message!["content"] is null)), source.Report.BadLines);
    }

    [Fact]
    public void Read_TextThatIsNotUtf8_IsItsOwnRowsFault()
    {
        // "Answer 6" stands in one row: its "A" becomes a byte that no character begins with.
        byte[] bytes = File.ReadAllBytes(Path.Combine(Folder, "duckdb-uncompressed.parquet"));
        bytes[bytes.AsSpan().IndexOf("Answer 6\n"u8)] = 0xFF;
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["a.parquet"], bytes);
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.parquet"]], new RecordSourceOptions { BadLines = BadLines.Skip });
        long[] rows = [.. source.All().Select(record => record.Origin.Number)];
        long bad = Assert.Single(Enumerable.Range(1, 60).Select(row => (long)row).Except(rows));
        Assert.Contains("Answer 6\n", Expected("duckdb-uncompressed.parquet")[bad - 1]["messages"]!.AsArray().Select(message => (string)message!["content"]! + "").Aggregate("", (all, text) => all + text), StringComparison.Ordinal);
        Assert.Equal($"{folder["a.parquet"]}, row {bad}: the column \"messages.list.element.content\": byte 0 of the text is not UTF-8.", Assert.Single(source.Report.Faults));
    }

    private static JsonObject[] Expected(string file) =>
        [.. File.ReadLines(Path.Combine(Folder, file == "duckdb-types.parquet" ? "duckdb-types.jsonl" : "rows.jsonl")).Select(line => (JsonObject)JsonNode.Parse(line)!)];

    /// <summary>Numbers by value, times whether or not there is a T in them.</summary>
    private static bool Same(JsonNode? expected, JsonNode? found)
    {
        if (expected is null || found is null) return expected is null && found is null;
        if (expected.GetValueKind() != found.GetValueKind()) return false;
        return expected switch
        {
            JsonObject fields => fields.Count == ((JsonObject)found).Count && fields.All(field => ((JsonObject)found).TryGetPropertyValue(field.Key, out JsonNode? value) && Same(field.Value, value)),
            JsonArray items => items.Count == ((JsonArray)found).Count && items.Zip((JsonArray)found).All(pair => Same(pair.First, pair.Second)),
            _ when expected.GetValueKind() == JsonValueKind.Number => double.Parse(expected.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture).Equals(double.Parse(found.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture))
                || (float)double.Parse(expected.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) == float.Parse(found.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
            _ when expected.GetValueKind() == JsonValueKind.String => expected.GetValue<string>() == found.GetValue<string>() || expected.GetValue<string>() == found.GetValue<string>().Replace('T', ' '),
            _ => expected.ToJsonString() == found.ToJsonString(),
        };
    }
}
