using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks.Judging;
using LongContext.Evaluation.Tasks.Likelihood;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Records;
using LongContext.Evaluation.Tasks.Ruler;

namespace LongContext.Evaluation.Tasks;

/// <summary>That figures which nobody publishes are not taken for those that somebody does.</summary>
public sealed class TaskDeviationsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("deviations").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Deviations_RulerFromTheOfficialTexts_AreNone()
    {
        File.WriteAllText(Path.Combine(folder, "essay.txt"), "An essay. " + string.Concat(Enumerable.Repeat("It goes on. ", 100)));
        RulerOptions options = new() { Essays = [folder], CommonWords = [.. Enumerable.Range(0, 100).Select(i => $"word{i}")] };
        Assert.All(Ruler.Ruler.Create(options, "niah_single_3", "niah_multikey_3", "vt", "cwe", "fwe").Where(task => task.Name != "ruler/niah_single_3"), task => Assert.Empty(task.Deviations));
        Assert.Equal(["keys of the library's own words"], Ruler.Ruler.Create(options, "niah_single_3")[0].Deviations);
    }

    [Fact]
    public void Deviations_RulerWithBuiltInText_NameIt()
    {
        Dictionary<string, IReadOnlyList<string>> deviations = Ruler.Ruler.Create(new RulerOptions { ItemsPerLength = 20, SolvedExamples = false }).ToDictionary(task => task.Name[6..], task => task.Deviations);
        const string Fewer = "20 items of each length in place of 500", Sentences = "built-in sentences in place of the essays", Words = "keys of the library's own words";
        Assert.Equal([Fewer, Words], deviations["niah_single_1"]);
        Assert.Equal([Fewer, Sentences, Words], deviations["niah_multiquery"]);
        Assert.Equal([Fewer], deviations["niah_multikey_3"]);
        Assert.Equal([Fewer, "without the solved example"], deviations["vt"]);
        Assert.Equal([Fewer, "lists of the library's own words", "without the solved example"], deviations["cwe"]);
        Assert.Equal([Fewer], deviations["fwe"]);
        Assert.Equal([Fewer, "made-up passages and questions"], deviations["qa_2-generated"]);
    }

    [Fact]
    public void Deviations_OtherTasks_NameWhatDiffers()
    {
        using ScriptedClient client = new(_ => "");
        Judge judge = new(RunModels.Of(client, "judge"), JudgePrompt.Needle);
        Assert.Equal(
            ["text and question in one message", "answer and template count in the length"],
            new NeedleTask(new NeedleTaskOptions { Haystack = [Haystack()], Needle = "A needle.", KeyPhrases = ["needle"], Question = "What?", Judge = judge }).Deviations);
        Assert.Contains("scored by key phrases, not by a judge", new MultiNeedleTask().Deviations);
        Assert.Equal(["pairs made from a seed in place of the files"], new KeyValueTask().Deviations);
        Assert.Equal(
            ["pairs made from a seed in place of the files", "3 items of each cell in place of 500", "as many pairs as fit into lengths in tokens", "other positions than the paper's"],
            new KeyValueTask(new KeyValueTaskOptions { ItemsPerCell = 3, Lengths = [4_096], Depths = [0.5] }).Deviations);
        Question question = new() { Text = "Which?", Answers = ["A"], Choices = ["a", "b"] };
        QuestionTask questions = new([question, question], new QuestionTaskOptions { MaximumItems = 1 });
        Assert.Equal(["the first 1 items only"], questions.Deviations);
        Assert.Equal(["the first 1 items only", "choices by likelihood in place of answers"], ChoiceTask.Over(questions).Deviations);
        Assert.Empty(new QuestionTask([question]).Deviations);
    }

    [Fact]
    public async Task RunAsync_TasksThatDiffer_StandInTheReportInAllItsForms()
    {
        Question question = new() { Text = "Which?", Answers = ["A"] };
        EvaluationTask[] tasks =
        [
            new QuestionTask([question], new QuestionTaskOptions { Name = "whole" }), new QuestionTask([question, question], new QuestionTaskOptions { Name = "cut" }), new PasskeyTask(new PasskeyTaskOptions { Lengths = [512], Depths = [0] }),
        ];
        using ScriptedClient client = new(_ => "A");
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { MaximumItems = 1 }).RunAsync([RunModels.Of(client), RunModels.Of(client, "other")], tasks, cancellationToken: TestContext.Current.CancellationToken);
        ReportSection section = Assert.Single(report.Sections);
        Assert.Equal([["cut", "the first 1 items only"], ["passkey", "sentences and words of the library's own"]], section.Rows);
        StringWriter lines = new(), page = new();
        report.WriteJsonLines(lines);
        report.WriteHtml(page);
        Assert.All([report.ToString(), report.ToMarkdown(), page.ToString()], text => Assert.Contains("the first 1 items only", text, StringComparison.Ordinal));
        EvaluationReport again = EvaluationReport.ReadJsonLines(new StringReader(lines.ToString()), "lines");
        Assert.Equal(report.Tasks.Select(task => task.Deviations), again.Tasks.Select(task => task.Deviations));
        Assert.Equal(2, again.Tasks.Count(task => task.Task == "cut" && task.Deviations.Count == 1));
    }

    [Fact]
    public async Task FindAsync_TasksThatDiffer_StandInTheNotes()
    {
        using ScriptedClient client = new(_ => "no");
        EffectiveContextResult result = await EffectiveContext.FindAsync(
            RunModels.Of(client), new EffectiveContextOptions { Tasks = [.. Ruler.Ruler.Create("niah_single_1", "niah_single_2")], MinimumLength = 512, MaximumLength = 1_024, CheckPoints = 2 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            ["Not as published: keys of the library's own words (ruler/niah_single_1, ruler/niah_single_2).", "Not as published: built-in sentences in place of the essays (ruler/niah_single_2)."],
            result.Notes.Where(note => note.StartsWith("Not as", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(4, "the first 4 items of each length only")]
    [InlineData(5, null)]
    [InlineData(null, null)]
    public void Of_RunsLimit_IsNamedWhereItLeavesItemsOut(int? most, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], TaskDeviations.Of(new LedgerTask(itemsPerCell: 1), most));

    /// <summary>Consoles cut longer ones.</summary>
    [Fact]
    public void Deviations_AllPhrases_FitIntoAConsolesColumn() =>
        Assert.All(
            (EvaluationTask[])[new NeedleTask(), new MultiNeedleTask(), new KeyValueTask(new KeyValueTaskOptions { ItemsPerCell = 1, PairCounts = [7], Lengths = [600], Depths = [0] }), new PasskeyTask(), new RepetitionTask(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker, ItemsPerCell = 1 }), .. Ruler.Ruler.Create(new RulerOptions { ItemsPerLength = 1 })],
            task => Assert.All(task.Deviations, phrase => Assert.InRange(phrase.Length, 1, 48)));

    private string Haystack()
    {
        string file = Path.Combine(folder, "essay.txt");
        File.WriteAllText(file, "An essay. It goes on. ");
        return file;
    }
}
