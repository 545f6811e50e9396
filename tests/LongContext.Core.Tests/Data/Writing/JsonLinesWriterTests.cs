using System.Text.Json;
using LongContext.Chat;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Writing;

public sealed class JsonLinesWriterTests : IDisposable
{
    private static readonly TrainingExample[] Examples =
    [
        new TextExample("two lines\r\n of \"text\" \\ \u2028 <b> 日本語 😀\u0001") { Properties = new Dictionary<string, string> { ["z"] = "1", ["a"] = "" } },
        new PromptExample("", "an answer"),
        new PromptExample(" what? ", " this\n"),
        new PromptExample("both ", "learned") { PromptCounts = true },
        new SegmentsExample([new TextSegment("read ", false), new TextSegment("learned", true)]),
    ];

    private static readonly ChatExample Chat = new(
        [ChatTurn.System("s"), ChatTurn.User("u"), ChatTurn.Assistant("old") with { CountsInLoss = false }, ChatTurn.User(" v "), ChatTurn.Assistant("new") with { Reasoning = "thought" }]);

    private static readonly ChatExample Tools = new(
        [
            ChatTurn.User("?"), ChatTurn.Assistant("") with { ToolCalls = [new ChatToolCall("c1", "f", JsonElement.Parse("""{"b": 1.50, "a": "é\"<"}"""))] }, ChatTurn.Tool("", "c1", "f"),
            ChatTurn.Assistant("!"),
        ])
    {
        Tools = [new ChatTool("f", "d", JsonElement.Parse("""{"type": "object"}""")), new ChatTool("g", null, JsonElement.Parse("{}"))],
    };

    [Fact]
    public void WriteJsonLines_ToolsAndCalls_AreReadAgain()
    {
        Source(Tools, Chat).WriteJsonLines(At("a.jsonl"), cancellationToken: TestContext.Current.CancellationToken);
        List<TrainingExample> read = Read(ColumnMap.Written, At("a.jsonl"));
        Assert.Equal([Tools, Chat], read.Select(example => example with { Origin = null }));
        Assert.Contains("1.50", Assert.IsType<ChatExample>(read[0]).Turns[1].ToolCalls[0].Arguments.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(Tools.Turns, Assert.IsType<ChatExample>(Read(ColumnMap.OpenAIChat, At("a.jsonl"))[0]).Turns);
    }

    private readonly string folder = Directory.CreateTempSubdirectory("longcontext-writing-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    private static IDataSource<TrainingExample> Source(params TrainingExample[] examples) => DataSource.FromList(examples, seed: null);

    private static List<TrainingExample> Read(ColumnMap map, params string[] patterns)
    {
        using RecordSource<TrainingExample> source = RecordSource.FromFiles(patterns, map);
        List<TrainingExample> examples = [];
        while (source.Next(TestContext.Current.CancellationToken) is { } example) examples.Add(example);
        return examples;
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("new/folder/a.ndjson")]
    [InlineData("a.jsonl.gz")]
    [InlineData("a.jsonl.zst")]
    public void WriteJsonLines_AllForms_AreReadBackTheSame(string name)
    {
        JsonLinesReport report = Source([.. Examples, Chat]).WriteJsonLines(At(name), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((6, Examples.Sum(example => example.TextLength) + Chat.TextLength), (report.Examples, report.Characters));
        Assert.Equal([At(name)], report.Files);
        Assert.Equal(new FileInfo(At(name)).Length, report.Bytes);
        List<TrainingExample> read = Read(ColumnMap.Written, At(name));
        Assert.Equal(Enumerable.Range(1, 6).Select(line => (long)line), read.Select(example => example.Origin!.Number));
        Assert.Equal(Examples, read[..5].Select(example => example with { Origin = null }));
        Assert.Equal(Chat.Turns, Assert.IsType<ChatExample>(read[5]).Turns);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(At(name))!, ".*"));
    }

    [Fact]
    public void WriteJsonLines_TextLongerThanDotNetsLongest_IsReadBackTheSame()
    {
        // Utf8JsonWriter takes 166,666,666 characters at once.
        string text = new('x', 167_000_000);
        JsonLinesReport report = Source(new TextExample(text), new PromptExample("p", "c")).WriteJsonLines(At("a.jsonl"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((2, text.Length + 2), (report.Examples, report.Characters));
        List<TrainingExample> read = Read(ColumnMap.Written, At("a.jsonl"));
        Assert.True(text == Assert.IsType<TextExample>(read[0]).Text);
        Assert.Equal("c", Assert.IsType<PromptExample>(read[1]).Completion);
    }

    [Fact]
    public void WriteJsonLines_HalvesOfPairsInALongText_AreReplacedOneByOne()
    {
        const int part = 1 << 24;
        string text = new string('x', part - 1) + "\uD83D\uDE00" + new string('y', part - 3) + "\uD83D" + new string('z', 9) + "\uDE00";
        Source(new TextExample(text)).WriteJsonLines(At("a.jsonl"), cancellationToken: TestContext.Current.CancellationToken);
        string expected = new string('x', part - 1) + "😀" + new string('y', part - 3) + "\uFFFD" + new string('z', 9) + "\uFFFD";
        Assert.True(expected == Assert.IsType<TextExample>(Assert.Single(Read(ColumnMap.Written, At("a.jsonl")))).Text);
    }

    [Fact]
    public void WriteJsonLines_FormsOfThePublishedMaps_AreReadByAuto()
    {
        Source(new TextExample("t"), new PromptExample("p", "c"), Chat).WriteJsonLines(At("a.jsonl"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                """{"text":"t"}""",
                """{"prompt":"p","completion":"c"}""",
                """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"old","weight":0},{"role":"user","content":" v "},{"role":"assistant","content":"new","reasoning_content":"thought"}]}""",
            ],
            File.ReadAllLines(At("a.jsonl")));
        List<TrainingExample> read = Read(ColumnMap.Auto, At("a.jsonl"));
        Assert.Equal([new TextExample("t"), new PromptExample("p", "c")], read[..2].Select(example => example with { Origin = null }));
        Assert.Equal(Chat.Turns, Assert.IsType<ChatExample>(read[2]).Turns);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(6, 2)]
    [InlineData(7, 3)]
    public void WriteJsonLines_ExamplesPerFile_AreFilesReadByThePattern(int count, int files)
    {
        TrainingExample[] texts = [.. Enumerable.Range(0, count).Select(i => new TextExample($"text {i}"))];
        IDataSource<TrainingExample> source = count == 0 ? Source(new TextExample("none")).Where(_ => false) : Source(texts);
        JsonLinesReport report = source.WriteJsonLines(At("part-*.jsonl.zst"), examplesPerFile: 3, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, files).Select(i => At($"part-{i:D5}.jsonl.zst")), report.Files);
        Assert.Equal(report.Files, Directory.GetFiles(folder).Order(StringComparer.Ordinal));
        Assert.Equal(texts, Read(ColumnMap.Written, At("part-*.jsonl.zst")).Select(example => example with { Origin = null }));
        Assert.Equal(report.Files.Sum(file => new FileInfo(file).Length), report.Bytes);
    }

    [Fact]
    public void WriteJsonLines_SourceFails_LeavesWhatWasThere()
    {
        File.WriteAllText(At("part-00000.jsonl.gz"), "before");
        IDataSource<TrainingExample> failing = DataSource.FromFunction<TrainingExample>(i => i < 5 ? new TextExample("x") : throw new DataFormatException("broken"), 10);
        Assert.Throws<DataFormatException>(() => failing.WriteJsonLines(At("part-*.jsonl.gz"), examplesPerFile: 2, TestContext.Current.CancellationToken));
        Assert.Equal([At("part-00000.jsonl.gz")], Directory.GetFiles(folder));
        Assert.Equal("before", File.ReadAllText(At("part-00000.jsonl.gz")));
        Assert.Throws<OperationCanceledException>(() => Source(Examples).WriteJsonLines(At("b.jsonl"), cancellationToken: new CancellationToken(true)));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void WriteJsonLines_OverTheFileThatIsRead_ReplacesIt()
    {
        File.WriteAllText(At("a.jsonl"), "{\"text\":\"keep\"}\n{\"text\":\"drop\"}\n");
        using (RecordSource<TrainingExample> source = RecordSource.FromFiles([At("a.jsonl")], ColumnMap.Auto))
            source.Where(example => ((TextExample)example).Text == "keep", "keep").WriteJsonLines(At("a.jsonl"), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("{\"text\":\"keep\"}\n", File.ReadAllText(At("a.jsonl")));
    }

    [Theory]
    [InlineData("a.txt", null, "ends with \".txt\"")]
    [InlineData("a.gz", null, "expected .jsonl")]
    [InlineData("a-*.jsonl", null, "was not given")]
    [InlineData("a.jsonl", 2L, "has 0 \"*\"")]
    [InlineData("a*b*.jsonl", 2L, "has 2 \"*\"")]
    [InlineData("x*/a.jsonl", 2L, "one in the file's name")]
    public void WriteJsonLines_NameThatDoesNotFit_IsRefused(string name, long? perFile, string message)
    {
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Source(Examples).WriteJsonLines(At(name), perFile, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        Assert.Throws<ArgumentOutOfRangeException>(() => Source(Examples).WriteJsonLines(At("a*.jsonl"), 0, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"segments":[]}""", "\"segments\"")]
    [InlineData("""{"segments":[{"text":"a"}]}""", "\"segments\"[0].counts is null")]
    [InlineData("""{"prompt":"a","completion":"b","prompt_counts":1}""", "\"prompt_counts\" is a number")]
    [InlineData("""{"text":"a","properties":{"b":1}}""", "\"b\" is a number")]
    [InlineData("""{"text":"a","properties":"b"}""", "expected an object of texts")]
    [InlineData("""{"body":"a"}""", "there is no field \"text\"")]
    public void Written_OtherRecords_AreRefused(string line, string message)
    {
        File.WriteAllText(At("a.jsonl"), line);
        Assert.Contains(message, Assert.Throws<DataFormatException>(() => Read(ColumnMap.Written, At("a.jsonl"))).Message, StringComparison.Ordinal);
    }
}
