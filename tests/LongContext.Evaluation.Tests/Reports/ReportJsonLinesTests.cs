using System.Text;
using System.Text.Json;
using LongContext.Data;
using LongContext.Evaluation.Tasks;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Reports;

public sealed class ReportJsonLinesTests
{
    /// <summary>Everything of a report in one text that tells each value apart.</summary>
    private static string All(EvaluationReport report)
    {
        StringBuilder all = new();
        Add(report.Title, report.Began, report.Began.Offset, report.Currency);
        foreach ((string name, string value) in report.Settings) Add(name, value);
        foreach (TaskSummary task in report.Tasks)
        {
            Add(task.Model, task.Strategy, task.Task, task.Scored, task.TooLong, task.Failed, task.Mean, task.Interval?.Low, task.Interval?.High, task.Interval?.Level, task.LowerIsBetter, task.InputTokens, task.OutputTokens, task.Duration, task.Cost);
            foreach (TaskFigure figure in task.Figures) Add(figure.Name, figure.Value);
        }

        foreach (ItemResult item in report.Items)
        {
            Add(item.Model, item.Strategy, item.Task, item.Item, item.Status, item.Score, item.Group, item.Length, item.Depth, item.Prompt, item.Answer, item.Judged, item.Fault, item.Requests, item.InputTokens, item.OutputTokens, item.Duration, item.Cost, item.Truncated);
            foreach ((string name, double value) in item.Details) Add(name, value);
            foreach ((string name, string value) in item.Properties) Add(name, value);
            foreach (string reference in item.References) Add(reference);
        }

        return all.ToString();
        void Add(params object?[] values)
        {
            foreach (object? value in values)
            {
                all.Append(value switch
                {
                    null => "null",
                    string text => $"\"{string.Join(' ', text.Select(c => (int)c))}\"",
                    double number => "d" + BitConverter.DoubleToInt64Bits(number),
                    decimal number => "m" + string.Join('.', decimal.GetBits(number)),
                    TimeSpan time => "t" + time.Ticks,
                    DateTimeOffset time => "at" + time.Ticks,
                    _ => value.ToString(),
                }).Append(';');
            }

            all.Append('\n');
        }
    }

    private static EvaluationReport Again(EvaluationReport report)
    {
        using StringWriter writer = new();
        report.WriteJsonLines(writer);
        return EvaluationReport.ReadJsonLines(new StringReader(writer.ToString()), "again");
    }

    [Fact]
    public void ReadJsonLines_DemoFromFile_IsTheSame()
    {
        EvaluationReport report = DemoReport.Create(repeats: 1);
        using TemporaryFolder folder = new();
        report.WriteJsonLines(folder["r.jsonl"]);
        EvaluationReport again = EvaluationReport.ReadJsonLines(folder["r.jsonl"]);
        Assert.Equal(All(report), All(again));
        Assert.Equal(report.Items.Count + 1, File.ReadLines(folder["r.jsonl"]).Count());
        // And any other reader of JSON can read each line.
        Assert.All(File.ReadLines(folder["r.jsonl"]), line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public void ReadJsonLines_StrangeValues_AreTheSame()
    {
        double[] doubles = [0, -0.0, 0.1, 1 / 3.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, -1e-300, 123456789.123456789, 1e16, 5e-5];
        decimal[] decimals = [0m, 0.00m, 1.50m, decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m];
        TimeSpan[] times = [TimeSpan.Zero, new(1), TimeSpan.MaxValue, TimeSpan.MinValue, new(-1), TimeSpan.FromDays(3.3)];
        string[] texts = ["", " ", "\0\u0001\u001F\u007F\u0085\u2028\u2029\uFEFF\uFFFE\uFFFF", "\"\\/\b\f\n\r\t</script>", "\uD83D\uDE00", "\uD83D", "\uDE00", "\uDE00\uD83D", "a\uD800b\uDC00\\uD800\\\\", "\uD800\uD83D\uDE00\"", "漢字"];
        SplitMixTexts more = new();
        List<ItemResult> items = [];
        foreach (string text in texts.Concat(more.Take(200)))
        {
            int i = items.Count;
            items.Add(new ItemResult
            {
                Model = text, Strategy = text + "s", Task = text + "t", Item = text, Status = ItemStatus.Scored, Score = doubles[i % doubles.Length], Prompt = text, Answer = text, Judged = text, Fault = text, Group = text,
                References = [text, "", text], Details = new Dictionary<string, double> { [text] = doubles[(i + 1) % doubles.Length], ["z"] = 1 }, Properties = new Dictionary<string, string> { [text] = text },
                Duration = times[i % times.Length], Cost = decimals[i % decimals.Length], Depth = doubles[i % doubles.Length], Length = int.MaxValue, InputTokens = long.MaxValue, OutputTokens = i, Requests = int.MaxValue, Truncated = i % 2 == 0,
            });
        }

        items.Add(new ItemResult { Model = "m", Strategy = "s", Task = "t", Item = "i", Status = ItemStatus.TooLong });
        items.Add(new ItemResult { Model = "m", Strategy = "s", Task = "t", Item = "i", Status = ItemStatus.Failed, Answer = "", Cost = 0m, Length = 0, Depth = -0.0 });
        EvaluationReport report = new()
        {
            Title = "\uD800",
            Began = new DateTimeOffset(2026, 3, 1, 4, 5, 6, TimeSpan.FromMinutes(-210)).AddTicks(7),
            Items = items,
            Tasks =
            [
                .. doubles.Select((value, i) => new TaskSummary { Model = "m", Strategy = "s", Task = "t", Scored = i, Mean = value, Interval = new(value, value, value), Figures = [new("\uDC00", value), new("", null)], Duration = times[i % times.Length], Cost = decimals[i % decimals.Length], LowerIsBetter = i % 2 == 0 }),
                new TaskSummary { Model = "", Strategy = "", Task = "", Scored = 0, TooLong = int.MaxValue, Failed = 3 },
            ],
            Settings = [.. texts.Select(text => KeyValuePair.Create(text, text))],
        };
        Assert.Equal(All(report), All(Again(report)));
        using TemporaryFolder folder = new();
        report.WriteJsonLines(folder["r.jsonl"]);
        Assert.Equal(All(report), All(EvaluationReport.ReadJsonLines(folder["r.jsonl"])));
    }

    /// <summary>Texts of special characters in any order, halves of pairs among them.</summary>
    private sealed class SplitMixTexts
    {
        private SplitMix64 random = new(7UL);

        public IEnumerable<string> Take(int count)
        {
            char[] characters = ['a', '"', '\\', '\n', '\uD83D', '\uDE00', '\u2028', '/', 'u', '\0'];
            for (int i = 0; i < count; i++) yield return string.Concat(Enumerable.Range(0, 1 + random.NextInt(8)).Select(_ => characters[random.NextInt(characters.Length)])) + i;
        }
    }

    private const string Header = """{"format":"longcontext-evaluation","version":1,"title":"t","began":"2026-01-02T03:04:05.0000000+02:00","items":1,"settings":[],"tasks":[]}""";
    private const string Item = """{"model":"m","strategy":"s","task":"t","item":"i","status":"Scored","score":1}""";

    [Theory]
    [InlineData("", "bad.jsonl: the file is empty")]
    [InlineData("{}", "bad.jsonl, line 1: the field \"format\" is missing")]
    [InlineData("[]", "bad.jsonl, line 1: the line is an array, expected an object")]
    [InlineData(Header, "bad.jsonl: the file has 0 items, the first line says 1")]
    [InlineData(Header + "\n" + Item + "\n" + Item, "bad.jsonl: the file has 2 items, the first line says 1")]
    [InlineData(Header + "\n\n" + Item, "bad.jsonl, line 2: the line is empty")]
    [InlineData(Header + "\n{\"model\":\"m\"", "bad.jsonl, line 2: no JSON")]
    [InlineData(Header + "\n{\"model\":\"m\"}", "bad.jsonl, line 2: the field \"strategy\" is missing, expected a string")]
    public void ReadJsonLines_BadFile_IsNamed(string text, string expected) => AssertFault(text, expected);

    [Theory]
    [InlineData("\"score\":1", "\"score\":\"1\"", "the field \"score\" is \"1\", expected a number")]
    [InlineData("\"score\":1", "\"score\":1e999", "the field \"score\" is 1e999")]
    [InlineData("\"score\":1", "\"score\":1,\"score\":2", "the field \"score\" is there twice")]
    [InlineData(",\"score\":1", "", "the field \"score\" is missing though the field \"status\" is \"Scored\"")]
    [InlineData("\"Scored\"", "\"Failed\"", "the field \"score\" is there though")]
    [InlineData("\"Scored\"", "\"0\"", "the field \"status\" is \"0\", expected one of Scored, TooLong, Failed")]
    [InlineData("\"score\":1", "\"score\":1,\"length\":-1", "the field \"length\" is -1, expected a whole number from 0")]
    [InlineData("\"score\":1", "\"score\":1,\"length\":1.5", "the field \"length\" is 1.5")]
    [InlineData("\"score\":1", "\"score\":1,\"lenght\":1", "the field \"lenght\" is none that this version knows")]
    [InlineData("\"score\":1", "\"score\":1,\"details\":{\"a\":\"b\"}", "the field \"details.a\" is \"b\", expected a number")]
    [InlineData("\"score\":1", "\"score\":1,\"properties\":{\"a\":1}", "the field \"properties.a\" is 1, expected a string")]
    [InlineData("\"score\":1", "\"score\":1,\"references\":[1]", "the field \"references\" is 1, expected strings")]
    [InlineData("\"score\":1", "\"score\":1,\"references\":\"a\"", "the field \"references\" is \"a\", expected an array")]
    [InlineData("\"score\":1", "\"score\":1,\"cost\":\"a\"", "the field \"cost\" is \"a\", expected a decimal number")]
    [InlineData("\"score\":1", "\"score\":1,\"seconds\":1e30", "the field \"seconds\" is 1e30, expected a number of seconds")]
    [InlineData("\"score\":1", "\"score\":1,\"truncated\":1", "the field \"truncated\" is 1, expected true or false")]
    [InlineData("\"model\":\"m\"", "\"model\":null", "the field \"model\" is null, expected a string")]
    public void ReadJsonLines_BadItem_IsNamed(string old, string changed, string expected) =>
        AssertFault(Header + "\n" + Item.Replace(old, changed, StringComparison.Ordinal), "bad.jsonl, line 2: " + expected);

    [Theory]
    [InlineData("\"version\":1", "\"version\":2", "the field \"version\"")]
    [InlineData("\"began\":\"2026", "\"began\":\"x2026", "the field \"began\" is \"x2026")]
    [InlineData("\"items\":1", "\"items\":-1", "the field \"items\" is -1")]
    [InlineData("\"tasks\":[]", "\"tasks\":[{\"model\":\"m\",\"strategy\":\"s\",\"task\":\"t\"}]", "the field \"tasks[0].scored\" is missing")]
    [InlineData("\"tasks\":[]", "\"tasks\":[{\"model\":\"m\",\"strategy\":\"s\",\"task\":\"t\",\"scored\":1,\"interval\":{\"low\":1,\"high\":2}}]", "the field \"tasks[0].interval.level\" is missing")]
    [InlineData("\"settings\":[]", "\"settings\":[{\"name\":\"a\",\"value\":\"b\",\"c\":1}]", "the field \"settings[0].c\" is none")]
    public void ReadJsonLines_BadFirstLine_IsNamed(string old, string changed, string expected) =>
        AssertFault(Header.Replace(old, changed, StringComparison.Ordinal) + "\n" + Item, "bad.jsonl, line 1: " + expected);

    [Fact]
    public void ReadJsonLines_BytesThatAreNoText_AreNamed()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["bad.jsonl"], [.. Encoding.UTF8.GetBytes(Header + "\n"), 0x22, 0xFF, 0x22]);
        DataFormatException fault = Assert.Throws<DataFormatException>(() => EvaluationReport.ReadJsonLines(folder["bad.jsonl"]));
        Assert.Contains("bad.jsonl, line ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("not UTF-8", fault.Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => EvaluationReport.ReadJsonLines(folder["none.jsonl"]));
    }

    private static void AssertFault(string text, string expected)
    {
        DataFormatException fault = Assert.Throws<DataFormatException>(() => EvaluationReport.ReadJsonLines(new StringReader(text), "bad.jsonl"));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.StartsWith("bad.jsonl", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Folder_HasAllFilesOrTheOldOnes()
    {
        using TemporaryFolder folder = new();
        EvaluationReport report = SmallReport.Create();
        string results = folder["new/results"];
        IReadOnlyList<string> files = report.Write(results);
        Assert.Equal(["report.jsonl", "report.html", "report.md", "items.csv", "summaries.csv"], files.Select(Path.GetFileName));
        Assert.Equal(files.Order(), Directory.GetFiles(results).Order());
        Assert.Equal(report.ToHtml(), File.ReadAllText(files[1]));
        Assert.Equal(report.ToMarkdown(), File.ReadAllText(files[2]));
        Assert.Equal(report.ToCsv(), File.ReadAllText(files[3]));
        Assert.Equal(report.ToCsv(ReportTable.Summaries), File.ReadAllText(files[4]));

        // When one cannot be written (a folder has its name) the others stay as they were, and nothing else is left behind.
        string page = File.ReadAllText(files[1]);
        File.Delete(files[4]);
        Directory.CreateDirectory(files[4]);
        Assert.Throws<IOException>(() => (report with { Title = "other" }).Write(results));
        Assert.Equal(page, File.ReadAllText(files[1]));
        Assert.Equal(5, Directory.GetFileSystemEntries(results).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => report.ToCsv((ReportTable)7));
    }
}
