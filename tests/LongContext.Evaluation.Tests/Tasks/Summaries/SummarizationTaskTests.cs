using LongContext.Data;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Summaries;

public sealed class SummarizationTaskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("summaries").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("{\"report\": \"D\", \"summary\": \"S\"}")] // GovReport
    [InlineData("{\"article\": \"D\", \"highlights\": \"S\"}")]
    [InlineData("{\"input\": \"D\", \"output\": \"S\"}")]
    [InlineData("{\"chapter\": \"D\", \"summary_text\": \"S\"}")] // BookSum
    [InlineData("{\"text\": [\"D\"], \"summary\": [\"S\"]}")] // its authors' script: paragraphs and sentences
    [InlineData("{\"chapters_text\": \"D\", \"summaries\": [{\"text\": \"S\"}]}")]
    public void Load_KnownFields_AreFound(string record)
    {
        EvaluationItem item = Assert.Single(Load(record).CreateItems(PieceTokenizer.Subword));
        Assert.Equal("D", item.Prompt.Context);
        Assert.Equal(["S"], item.Answers);
        Assert.StartsWith("Read the report", item.Prompt.Text, StringComparison.Ordinal);
        Assert.EndsWith("D\n\nSummary:", item.Prompt.Text, StringComparison.Ordinal);
        Assert.Equal((512, "context end", "#1"), (item.Settings.MaximumNewTokens, item.Prompt.Truncation.Name, item.Id));
    }

    [Fact]
    public void Load_OwnFields_AreTaken()
    {
        SummarizationTask task = Load(
            "{\"doc\": \"D {x}\", \"sum\": [\"S\", \"T\", \" \"], \"nr\": 3, \"book\": \"b\"}\n{\"doc\": \"E\", \"sum\": \"U\"}\n{\"doc\": \"F\", \"sum\": \"V\"}",
            new SummarizationTaskOptions { DocumentColumn = "doc", SummaryColumn = "sum", IdColumn = "nr", GroupColumn = "book", MaximumItems = 2, Template = "{{{document}}}", System = "s" });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal(2, task.Count);
        Assert.Equal(("{D {x}}", "3", "b", "s"), (items[0].Prompt.Text, items[0].Id, items[0].Group, items[0].Prompt.System));
        Assert.Equal(["S", "T"], items[0].Answers);
        Assert.Equal("#2", items[1].Id);
    }

    [Fact]
    public void Score_Answer_IsTheMeasureThatIsSet()
    {
        EvaluationItem item = new() { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["the cats sat on mats", "dogs"] };
        // Words in common 3 of 4 and 5, pairs 1 of 3 and 4: F1 6/9 and 2/7; the longest subsequence is "cats sat mats".
        const string Answer = "cats sat by mats";
        double[] expected = [6 / 9.0, 2 / 7.0, 6 / 9.0, 6 / 9.0];
        foreach (SummaryScore score in Enum.GetValues<SummaryScore>())
        {
            ItemScore given = Task(new SummarizationTaskOptions { Score = score }).Score(item, Answer);
            Assert.Equal(score == SummaryScore.GeometricMean ? Math.Pow(expected[0] * expected[1] * expected[2], 1 / 3.0) : expected[(int)score - 1], given.Value, 1e-12);
            foreach ((string name, double value) in new[] { "rouge1", "rouge2", "rougeL", "rougeLsum" }.Zip(expected)) Assert.Equal(value, given.Details[name], 1e-12);
            Assert.Equal(4, given.Details["words"]);
        }

        Assert.Equal(1, Task(new SummarizationTaskOptions { Score = SummaryScore.Rouge1 }).Score(item, "dogs").Value);
        Assert.Equal(0, Task(new SummarizationTaskOptions { Score = SummaryScore.Rouge1 }).Score(item, "sitting").Value);
        Assert.Equal(GoogleRouge.Score("sitting cat", item.Answers, stems: true).Rouge1.F1, Task(new SummarizationTaskOptions { Score = SummaryScore.Rouge1, Stems = true }).Score(item, "sitting cat").Value);
    }

    [Fact]
    public void Score_WithPltrdy_ReportsItBesideGoogles()
    {
        SummarizationTask task = Task(new SummarizationTaskOptions { WithPltrdy = true });
        EvaluationItem item = new() { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["...", "The cats sat"] };
        ItemScore score = task.Score(item, "The cats ran");
        Assert.Equal(PltrdyRouge.Score("The cats ran", "The cats sat").Rouge1.F1, score.Details["pltrdy rouge-1"]);
        Assert.InRange(score.Details["pltrdy rouge-1"], 0.66, 0.67); // 2 of 3 words
        Assert.InRange(score.Details["pltrdy rouge-2"], 0.49, 0.51); // 1 of 2 pairs
        Assert.Equal(0, task.Score(item, "..").Details["pltrdy rouge-l"]); // no sentence
        Assert.Equal(0, task.Score(item, "").Details["pltrdy rouge-l"]);
        ItemResult result = Result(0.5, 0, 0.4, "x") with { Details = new Dictionary<string, double>(score.Details) };
        Assert.Equal(100 * score.Details["pltrdy rouge-2"], task.Summarize([result]).Single(figure => figure.Name == "pltrdy rouge-2").Value!.Value, 1e-9);
        Assert.DoesNotContain("pltrdy rouge-1", Task().Score(item, "x").Details.Keys);
    }

    [Fact]
    public void Summarize_Results_GeometricMeanIsOfTheMeans()
    {
        ItemResult[] results = [Result(0.5, 0, 0.4, "x"), Result(0.3, 0.2, 0.2, "y")];
        Dictionary<string, double?> values = Task().Summarize(results).ToDictionary(figure => figure.Name, figure => figure.Value);
        Assert.Equal((40, 10, 30), (values["rouge1"]!.Value, values["rouge2"]!.Value, values["rougeL"]!.Value));
        // (40 · 10 · 30)^⅓, though the first item's own geometric mean is 0.
        Assert.Equal(Math.Pow(12_000, 1 / 3.0), values["geometric mean"]!.Value, 1e-9);
        Assert.Equal(7, values["words"]);
        Assert.Equal((50.0, 50.0), (values["x"], values["y"]));
        Assert.All(Task().Summarize([]), figure => Assert.Null(figure.Value));
    }

    [Theory]
    [InlineData("{\"summary\": \"S\"}", "line 1", "no document")]
    [InlineData("{\"report\": \"D\"}", "line 1", "no summary")]
    [InlineData("{\"report\": \" \", \"summary\": \"S\"}", "line 1", "\"report\" is empty")]
    [InlineData("{\"report\": \"D\", \"summary\": [\" \"]}", "line 1", "no summary with text")]
    [InlineData("{\"report\": \"D\", \"summary\": 5}", "line 1", "\"summary\"")]
    [InlineData("{\"report\": \"D\", \"summary\": \"S\", \"id\": 1}\n{\"report\": \"D\", \"summary\": \"S\", \"id\": \"1\"}", "line 2", "the id is \"1\"")]
    [InlineData("", "d.jsonl", "no record")]
    public void Load_BadRecord_NamesFileLineAndField(string text, string place, string part)
    {
        string message = Assert.Throws<DataFormatException>(() => Load(text)).Message;
        foreach (string expected in (string[])["d.jsonl", place, part]) Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_BadInput_SaysWhatIsWrong()
    {
        DocumentSummary one = new() { Document = "D", Summaries = ["S"] };
        AssertFault("no document", () => new SummarizationTask([]));
        AssertFault("no summary", () => new SummarizationTask([one with { Summaries = [] }]));
        AssertFault("the same id", () => new SummarizationTask([one with { Id = "x" }, one with { Id = "x" }]));
        Assert.Equal(["2", "#2"], new SummarizationTask([one with { Id = "2" }, one]).CreateItems(PieceTokenizer.Subword).Select(item => item.Id));
        AssertFault("0 places {document}", () => Task(new SummarizationTaskOptions { Template = "none" }));
        AssertFault("{text}", () => Task(new SummarizationTaskOptions { Template = "{document} {text}" }));
        AssertFault("MaximumItems is 0", () => Task(new SummarizationTaskOptions { MaximumItems = 0, Name = "" }));

        static void AssertFault(string part, Func<object> make) => Assert.Contains(part, Assert.Throws<ArgumentException>(make).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_ChangedOptionsOrData_Differs()
    {
        string[] all =
        [
            Task().Identity, Task(new SummarizationTaskOptions { Stems = true }).Identity, Task(new SummarizationTaskOptions { Score = SummaryScore.RougeL }).Identity,
            Task(new SummarizationTaskOptions { Template = "{document}" }).Identity, new SummarizationTask([new DocumentSummary { Document = "D2", Summaries = ["S"] }]).Identity,
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all[0], Task().Identity);
    }

    private static SummarizationTask Task(SummarizationTaskOptions? options = null) => new([new DocumentSummary { Document = "D", Summaries = ["S"] }], options);

    private SummarizationTask Load(string text, SummarizationTaskOptions? options = null)
    {
        string path = Path.Combine(folder, "d.jsonl");
        File.WriteAllText(path, text);
        return SummarizationTask.Load([path], options, TestContext.Current.CancellationToken);
    }

    private static ItemResult Result(double rouge1, double rouge2, double rougeL, string group) => new()
    {
        Model = "m", Strategy = "s", Task = "t", Item = group, Status = ItemStatus.Scored, Score = 0.5, Group = group,
        Details = new Dictionary<string, double> { ["rouge1"] = rouge1, ["rouge2"] = rouge2, ["rougeL"] = rougeL, ["rougeLsum"] = 0.1, ["words"] = 7 },
    };
}
