using System.Text.Json.Nodes;
using LongContext.TestSupport;

namespace LongContext.Data.Reading;

/// <summary>Files named .json.</summary>
public sealed class JsonElementsTests : IDisposable
{
    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""[{"a":1},{"b":"]}"},{"c":[{},[]]}]""", "element")]
    [InlineData("\uFEFF \r\n[\n  {\"a\" : 1} ,{\"b\":\"]}\"}\t,\n{\"c\":[{ } , [ ] ] }\n ]\r\n\r\n", "element")]
    [InlineData("{\"a\":1}\n{\"b\":\"]}\"}\n\n{\"c\":[{},[]]}", "line")]
    [InlineData("{\n\"a\":1}\n{\"b\":\n\"]}\"}  {\"c\":[{},[]]\n}", "object")]
    [InlineData("{\"a\":1}{\"b\":\"]}\"}{\"c\":[{},[]]}", "object")]
    public void Read_EachForm_GivesTheObjects(string text, string unit)
    {
        File.WriteAllText(folder["a.json"], text);
        using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.json"]]);
        List<DataRecord> records = source.All();
        long[] numbers = unit == "line" ? [1, 2, 4] : [1, 2, 3];
        Assert.Equal([$"{numbers[0]}:{{\"a\":1}}", $"{numbers[1]}:{{\"b\":\"]}}\"}}", $"{numbers[2]}:{{\"c\":[{{}},[]]}}"], records.Select(record => record.Shown()));
        Assert.All(records, record => Assert.Equal(unit, record.Origin.Unit));
        Assert.EndsWith($"a.json, {unit} {numbers[2]}", records[2].Origin.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(131_071)]
    [InlineData(131_072)]
    [InlineData(1_000_000)]
    public void Read_FirstLineOfAnyLength_TellsTheForm(int length)
    {
        string text = new('x', length);
        foreach (bool isLines in (bool[])[true, false])
        {
            string first = isLines ? $"{{\"text\":\"{text}\"}}\n" : $"{{\"text\":\"{text}\",\n\"n\":1}} ";
            File.WriteAllBytes(folder["a.json.gz"], (first + "{\"text\":\"b\"}").Utf8().Gzip());
            using RecordSource<DataRecord> source = RecordSource.FromFiles([folder["a.json.gz"]]);
            List<DataRecord> records = source.All();
            Assert.Equal([text, "b"], records.Select(record => record.Text()));
            Assert.All(records, record => Assert.Equal(isLines ? "line" : "object", record.Origin.Unit));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("[]")]
    [InlineData(" [ \n ] ")]
    public void Read_Nothing_GivesNothing(string text)
    {
        File.WriteAllText(folder["a.json"], text);
        Assert.Empty(Reads.Texts(folder["a.json"]));
    }

    [Fact]
    public void Read_ElementsOfAnySize_AreWholeWhereverBuffersEnd()
    {
        // Escapes, quotes and brackets at every place of a buffer of 131,072 bytes.
        Random random = new(5);
        string[] texts = [.. Enumerable.Range(0, 400).Select(i => string.Concat(Enumerable.Repeat((string[])["\\", "\"", "]", "}", "é", "x", "\n"], random.Next(i % 50 == 0 ? 40_000 : 300)).SelectMany(parts => parts[random.Next(7)])))];
        JsonArray array = [.. texts.Select(text => new JsonObject { ["id"] = 1, ["text"] = text })];
        foreach (bool indented in (bool[])[false, true])
        {
            File.WriteAllText(folder["a.json"], array.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = indented, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            Assert.Equal(texts, Reads.Texts(folder["a.json"]));
        }
    }

    [Theory]
    [InlineData("[1, {\"text\":\"a\"}, \"x\", null, [], {\"text\":\"b\"}]", "1 3 4 5", "expected a JSON object, found a number")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":\"x\",}, {\"text\":\"b\"}]", "2", "not valid JSON: The JSON object contains a trailing comma")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":\"\\ud800\"}, {\"text\":\"b\"}]", "2", "half of a character")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":\"123456789012345678901234567890\"}, {\"text\":\"b\"}]", "2", "longer than 40 bytes")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":]}, {\"text\":\"b\"}]", "2", "not valid JSON", "behind it stands '}', expected ',' or ']'")]
    public void BadElement_Skipped_IsNamedByItsNumber(string text, string bad, string message, string? end = null)
    {
        File.WriteAllText(folder["a.json"], text);
        List<DataFormatException> faults = [];
        RecordSourceOptions options = new() { BadLines = BadLines.Skip, OnBadLine = faults.Add, MaximumRecordBytes = 40 };
        using RecordSource<string> source = RecordSource.FromFiles([folder["a.json"]], Reads.Text, options);
        if (end is null) Assert.Equal(["a", "b"], source.All());
        else Assert.Contains(end, Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
        Assert.Equal(bad, string.Join(' ', faults.Select(fault => fault.LineNumber)));
        Assert.StartsWith($"{folder["a.json"]}, element {bad[0]}: ", faults[0].Message, StringComparison.Ordinal);
        Assert.Contains(message, faults[0].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{\"text\":\"a\"}", "element 1: the file ends behind it, expected ',' or ']'")]
    [InlineData("[{\"text\":\"a\"},", "element 2: the file ends where it should begin")]
    [InlineData("[{\"text\":\"a\"},]", "element 2: found ']' where it should begin")]
    [InlineData("[{\"text\":\"a\"} {\"text\":\"b\"}]", "element 1: behind it stands '{', expected ',' or ']'")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":\"b", "element 2: the file ends in the middle of it")]
    [InlineData("[{\"text\":\"a\"}, {\"text\":\"b\\", "element 2: the file ends in the middle of it")]
    [InlineData("[{\"text\":\"a\"}\uFEFF,{\"text\":\"b\"}]", "element 1: behind it stands '\\xEF', expected ',' or ']'")]
    [InlineData("[{\"text\":\"a\"}]]", "something stands behind the end of the JSON array")]
    [InlineData("[,]", "element 1: found ',' where it should begin")]
    [InlineData("[", "element 1: the file ends where it should begin")]
    [InlineData("{\"text\":\"a\"\n,\"b\":{", "object 1: the file ends in the middle of it")]
    public void BrokenArray_EndsTheFile_EvenWhenLinesAreSkipped(string text, string expected)
    {
        File.WriteAllText(folder["a.json"], text);
        using RecordSource<string> source = RecordSource.FromFiles([folder["a.json"]], Reads.Text, new RecordSourceOptions { BadLines = BadLines.Skip });
        for (int time = 0; time < 2; time++) Assert.Contains(expected, Assert.Throws<DataFormatException>(() => source.All()).Message, StringComparison.Ordinal);
    }
}
