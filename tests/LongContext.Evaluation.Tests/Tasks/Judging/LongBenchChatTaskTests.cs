using System.Text.Json;
using LongContext.Data;
using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Tasks.Judging;

public sealed class LongBenchChatTaskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("chat").FullName;

    private string Cases => Path.Combine(folder, "test_cases.json");

    private string Examples => Path.Combine(folder, "few_shots.json");

    public LongBenchChatTaskTests()
    {
        File.WriteAllText(Cases, JsonSerializer.Serialize(new object[]
        {
            new { idx = 2, prompt = "A long report.\n\nWho wrote it?", query = "Who wrote it?", answer = "Ada" },
            new { idx = 1, prompt = "谁写的？ 一份很长很长很长很长的报告。", query = "谁写的？", answer = "李雷" },
        }));
        File.WriteAllText(Examples, """[[{"answer": "韩梅梅", "score": 1}], [{"answer": "Ada L.", "score": "9"}]]""");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void CreateItems_Cases_AreCutInTheMiddleAndGenerateAsTheAuthors()
    {
        EvaluationItem[] items = [.. Task().CreateItems(PieceTokenizer.Subword)];
        Assert.Equal(["2", "1"], items.Select(item => item.Id));
        Assert.Equal(["English", "Chinese"], items.Select(item => item.Group));
        Assert.Equal(("A long report.\n\n", "Who wrote it?", ""), (items[0].Prompt.Context, items[0].Prompt.After, items[0].Prompt.Before));
        Assert.Equal((" 一份很长很长很长很长的报告。", "", "谁写的？"), (items[1].Prompt.Context, items[1].Prompt.After, items[1].Prompt.Before));
        Assert.All(items, item => Assert.Equal((1024, 1.0, 42L), (item.Settings.MaximumNewTokens, item.Settings.Temperature, item.Settings.Seed)));
        Assert.All(items, item => Assert.Equal(PromptTruncation.MiddleOfText.AtMost(64_000).Name, item.Prompt.Truncation.Name));
    }

    [Fact]
    public async Task EvaluateAsync_Answer_IsRatedOnOneLineBesideTheCasesExamples()
    {
        LongBenchChatTask task = Task();
        List<string> judged = [];
        DirectSession session = new(JudgeTests.Model("model"), (who, prompt, _) =>
        {
            if (who.Name == "model") return " Ada\nLovelace \n";
            judged.Add(prompt.Text);
            return who.Name == "strict" ? "[[4]]" : "[[9]]";
        });
        ItemScore score = await task.EvaluateAsync(task.CreateItems(PieceTokenizer.Subword).First(), session, TestContext.Current.CancellationToken);
        Assert.Equal(0.65, score.Value, 1e-12);
        Assert.Equal((4, 9), (score.Details["rating by strict"], score.Details["rating by kind"]));
        Assert.Equal(2, judged.Count);
        Assert.All(judged, prompt =>
        {
            foreach (string part in (string[])["Ada Lovelace\n", "Ada L.", "[[9]]", "Who wrote it?"]) Assert.Contains(part, prompt, StringComparison.Ordinal);
            Assert.DoesNotContain("A long report", prompt, StringComparison.Ordinal);
            Assert.DoesNotContain("韩梅梅", prompt, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task EvaluateAsync_OneJudgeWithoutARating_CountsTheOther()
    {
        LongBenchChatTask task = Task();
        EvaluationItem item = task.CreateItems(PieceTokenizer.Subword).First();
        DirectSession session = new(JudgeTests.Model("model"), (who, _, _) => who.Name == "kind" ? "[[6]]" : "none");
        ItemScore score = await task.EvaluateAsync(item, session, TestContext.Current.CancellationToken);
        Assert.Equal(0.6, score.Value, 1e-12);
        Assert.False(score.Details.ContainsKey("rating by strict"));
        Assert.Equal(1, score.Details["judges without a rating"]);
        DirectSession mute = new(JudgeTests.Model("model"), (_, _, _) => "none");
        InvalidOperationException fault = await Assert.ThrowsAnyAsync<InvalidOperationException>(async () => await task.EvaluateAsync(item, mute, TestContext.Current.CancellationToken));
        Assert.Contains("strict: 5 replies", fault.Message, StringComparison.Ordinal);
        Assert.Contains("kind: 5 replies", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WholeRun_AsksAJudgeAgainAndReportsWhatFailed()
    {
        int asked = 0;
        // The judge is at a loss about the first case, and needs a second try for the other.
        ScriptedClient judge = new(prompt => prompt.Contains("Who wrote it?", StringComparison.Ordinal) || Interlocked.Increment(ref asked) == 1 ? "Hard to say." : "Fine. [[7]]");
        ScriptedClient model = new(_ => "said\nso");
        LongBenchChatTask task = new(Options() with { Judges = [new Judge(JudgeTests.Model("judge") with { Client = judge })] });
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { ItemsAtOnce = 1 }).RunAsync(
            [JudgeTests.Model("model") with { Client = model }], [task], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([ItemStatus.NotJudged, ItemStatus.Scored], report.Items.Select(item => item.Status));
        Assert.Contains("No judge rated the answer: judge: 5 replies", report.Items[0].Fault, StringComparison.Ordinal);
        Assert.Equal((0.7, "said\nso", 3), (report.Items[1].Score!.Value, report.Items[1].Answer, report.Items[1].Requests));
        Assert.Equal(2, model.Asked.Count);
        Assert.Equal(7, judge.Asked.Count);
        Assert.All(judge.Asked, request => Assert.Contains("said so", request.Messages[^1].Text, StringComparison.Ordinal));
        Assert.All(judge.Asked, request => Assert.Equal("You're a good assistant at evaluating the quality of texts.", request.Messages[0].Text));
        Assert.Null(report.Tasks[0].Figures.Single(figure => figure.Name == "total").Value);
    }

    [Fact]
    public void Summarize_TwoJudges_GivesTotalMeansAndAgreement()
    {
        IReadOnlyList<TaskFigure> figures = Task().Summarize([Result("2", "English", 4, 8), Result("1", "Chinese", 6, 6)]);
        Dictionary<string, double?> values = figures.ToDictionary(figure => figure.Name, figure => figure.Value);
        Assert.Equal(12, values["total"]!.Value, 1e-9); // 6 and 6
        Assert.Equal(60, values["score"]!.Value, 1e-9);
        Assert.Equal((5.0, 7.0), (values["rating by strict"], values["rating by kind"]));
        Assert.Equal(0, values["ratings missing"]);
        Assert.Equal(2, values["mean difference"]);
        Assert.Equal((50.0, 50.0), (values["equal ratings (%)"], values["ratings within 1 (%)"]));
        Assert.Equal(-1, values["Spearman's rho"]!.Value, 1e-12);
        // Squared: observed (16 + 0) / 2 = 8, expected (16 + 4 + 4 + 0) / 4 = 6.
        Assert.Equal(1 - (8 / 6.0), values["weighted kappa"]!.Value, 1e-12);
        // Observed 2·16/1/4 = 8; expected: pairs of 4, 8, 6, 6, ordered: 2·(16 + 4 + 4 + 4 + 4 + 0) / 12 = 16/3.
        Assert.Equal(1 - (8 / (16 / 3.0)), values["Krippendorff's alpha"]!.Value, 1e-12);
        Assert.Equal((60.0, 60.0), (values["English"]!.Value, values["Chinese"]!.Value));
    }

    [Fact]
    public void Summarize_RatingMissingOrOtherScale_TotalIsOfRatings()
    {
        // Of one case one judge gave none: the authors' script has no total then.
        Assert.Null(Total(Task().Summarize([Result("2", "English", 4, 8), Result("1", "Chinese", null, 8)])));
        Judge of5 = new(JudgeTests.Model("strict"), options: new JudgeOptions { HighestRating = 5 });
        LongBenchChatTask alone = new(Options() with { Judges = [of5] });
        Assert.Equal(7, Total(alone.Summarize([Result("2", "English", 4, null) with { Score = 0.8 }, Result("1", "Chinese", 3, null) with { Score = 0.6 }])));
        LongBenchChatTask mixed = new(Options() with { Judges = [of5, new Judge(JudgeTests.Model("kind"))] });
        Assert.Null(Total(mixed.Summarize([Result("2", "English", 4, 8), Result("1", "Chinese", 3, 6)])));
        Assert.Contains("ratings on another scale than 1 to 10", alone.Deviations);
        Assert.Contains("2 cases in place of 50", Task().Deviations);

        static double? Total(IReadOnlyList<TaskFigure> figures) => figures.Single(figure => figure.Name == "total").Value;
    }

    [Fact]
    public void Summarize_MissingRatings_AreReportedNotZero()
    {
        IReadOnlyList<TaskFigure> figures = Task().Summarize([Result("2", "English", null, 8)]);
        Dictionary<string, double?> values = figures.ToDictionary(figure => figure.Name, figure => figure.Value);
        Assert.Null(values["total"]); // a case is missing
        Assert.Equal(80, values["score"]!.Value, 1e-9);
        Assert.Null(values["rating by strict"]);
        Assert.Equal(1, values["ratings missing"]);
        Assert.Null(values["weighted kappa"]);
        Assert.All(Task().Summarize([]), figure => Assert.Null(figure.Value));
    }

    [Fact]
    public void Constructor_BadFiles_NameFilePlaceAndField()
    {
        AssertFault(Examples, "[[]]", "idx 2", "rated answers for 1 cases");
        AssertFault(Examples, "{}", "the file is an object");
        AssertFault(Examples, "[[{\"answer\": \"x\"}], []]", "[0][0].score is missing");
        AssertFault(Examples, "[[{\"answer\": 1, \"score\": 1}], []]", "[0][0].answer is a number");
        AssertFault(Examples, "[3]", "[0] is a number");
        AssertFault(Examples, "[[", "few_shots.json");
        File.WriteAllText(Examples, "[[], []]");
        AssertFault(Cases, """[{"idx": 1, "prompt": "p", "query": "q", "answer": "a"}, {"idx": 1, "prompt": "p", "query": "q", "answer": "a"}]""", "element 2", "case before it");
        AssertFault(Cases, """[{"idx": "1", "prompt": "p", "query": "q", "answer": "a"}]""", "element 1", "\"idx\"", "whole number");
        AssertFault(Cases, """[{"idx": 1, "prompt": "p", "query": "q"}]""", "\"answer\"");
        AssertFault(Cases, "[]", "no case");
        Assert.Throws<FileNotFoundException>(() => new LongBenchChatTask(Options() with { ExamplesPath = Path.Combine(folder, "none.json") }));
    }

    [Fact]
    public void Constructor_PromptWithPlaces_WantsAsManyExamples()
    {
        Judge judge = new(JudgeTests.Model("strict"), new JudgePrompt("{} {} {} {} {} {} {}"));
        Assert.Contains("case 2: there are 1 rated answers, but the judge's prompt has places for 2", Assert.Throws<DataFormatException>(
            () => new LongBenchChatTask(Options() with { Judges = [judge] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_BadOptions_Throws()
    {
        Assert.Contains("at least one judge", Assert.Throws<ArgumentException>(() => new LongBenchChatTask(Options() with { Judges = [] })).Message, StringComparison.Ordinal);
        Judge judge = new(JudgeTests.Model("twin"));
        Assert.Contains("\"twin\"", Assert.Throws<ArgumentException>(() => new LongBenchChatTask(Options() with { Judges = [judge, judge] })).Message, StringComparison.Ordinal);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new LongBenchChatTask(Options() with { Name = " ", CasesPath = "", MaximumPromptTokens = 1 }));
        foreach (string part in (string[])["Name", "CasesPath", "MaximumPromptTokens is 1"]) Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_ChangedData_Differs()
    {
        string before = Task().Identity;
        Assert.Equal(before, Task().Identity);
        File.WriteAllText(Examples, File.ReadAllText(Examples).Replace("Ada L.", "Ada", StringComparison.Ordinal));
        Assert.NotEqual(before, Task().Identity);
        Assert.NotEqual(Task().Identity, new LongBenchChatTask(Options() with { MaximumPromptTokens = 5 }).Identity);
    }

    private LongBenchChatTask Task() => new(Options(), TestContext.Current.CancellationToken);

    private LongBenchChatOptions Options() => new()
    {
        CasesPath = Cases, ExamplesPath = Examples, Judges = [new Judge(JudgeTests.Model("strict")), new Judge(JudgeTests.Model("kind"))],
    };

    private void AssertFault(string path, string content, params string[] parts)
    {
        string before = File.ReadAllText(path);
        File.WriteAllText(path, content);
        string message = Assert.Throws<DataFormatException>(Task).Message;
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), message, StringComparison.Ordinal);
        File.WriteAllText(path, before);
    }

    private static ItemResult Result(string id, string group, double? strict, double? kind)
    {
        Dictionary<string, double> details = [];
        if (strict is { } first) details["rating by strict"] = first;
        if (kind is { } second) details["rating by kind"] = second;
        if (details.Count < 2) details["judges without a rating"] = 1;
        double[] ratings = [.. new[] { strict, kind }.OfType<double>()];
        return new ItemResult { Model = "m", Strategy = "s", Task = "t", Item = id, Status = ItemStatus.Scored, Group = group, Score = ratings.Average() / 10, Details = details };
    }
}
