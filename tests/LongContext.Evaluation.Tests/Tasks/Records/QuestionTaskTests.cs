using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Reading;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.Records;

public sealed class QuestionTaskTests : IDisposable
{
    private const string Line = """{"context":"The lamp is green.","question":"Which colour?","answers":["green","emerald"],"id":"q1","group":"lamps"}""";

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Load_PlainLines_NeedsNoOptionsAtAll()
    {
        string path = Write("q.jsonl", Line, """{"context":"It is 3.","question":"How many?","answer":3}""");
        QuestionTask task = QuestionTask.Load(path, cancellationToken: Token);
        EvaluationItem[] items = Items(task);
        Assert.Equal(("questions", 2), (task.Name, task.Count));
        Assert.Equal(("The lamp is green.", "\n\nQuestion: Which colour?\n\nAnswer:", "Which colour?"), (items[0].Prompt.Context, items[0].Prompt.After, items[0].Prompt.Query));
        Assert.Equal(("q1", "lamps"), (items[0].Id, items[0].Group));
        Assert.Equal(["green", "emerald"], items[0].Answers);
        Assert.Equal(("#2", null), (items[1].Id, items[1].Group));
        Assert.Equal(["3"], items[1].Answers);
        Assert.Equal("none", items[0].Prompt.Truncation.Name);

        List<ItemResult> results = await RunAsync(task, prompt => prompt.Text.Contains("colour", StringComparison.Ordinal) ? "It is EMERALD." : "four");
        Assert.Equal([new("contains_words", 50), new TaskFigure("lamps", 100)], task.Summarize(results));
        Assert.Equal([new TaskFigure("contains_words", null)], task.Summarize([]));
    }

    [Fact]
    public async Task RunAsync_ModelThatKnowsNothing_DoesNotScoreByPartsOfWordsAndShortAnswersAreNoted()
    {
        QuestionTask task = new([new Question { Text = "Is it?", Answers = ["no"] }, new Question { Text = "How many?", Answers = ["1"] }, new Question { Text = "Where?", Answers = ["Stockholm"] }]);
        EvaluationReport report = await new EvaluationRunner().RunAsync([Runs.RunModels.Of(new ScriptedClient(_ => "I do not know: 17, 21, not now."))], [task], cancellationToken: Token);
        Assert.Equal(0, report.Tasks[0].Mean);
        string note = Assert.Single(report.Notes);
        Assert.StartsWith("'questions': 2 of 3 questions have a right answer as short as \"no\"", note, StringComparison.Ordinal);
        // By name the old way is there, with a note, and exact matches need none.
        Assert.Equal(2.0 / 3, (await new EvaluationRunner().RunAsync([Runs.RunModels.Of(new ScriptedClient(_ => "I do not know: 17."))], [new QuestionTask([new Question { Text = "Is it?", Answers = ["no"] }, new Question { Text = "How many?", Answers = ["1"] },
            new Question { Text = "Where?", Answers = ["Stockholm"] }], new QuestionTaskOptions { Metric = AnswerMetrics.ContainsAny })], cancellationToken: Token)).Tasks[0].Mean!.Value, 12);
        Assert.Empty(new QuestionTask([new Question { Text = "Is it?", Answers = ["no"] }], new QuestionTaskOptions { Metric = AnswerMetrics.ExactMatch }).Notes);
        // What is looked for is short where an article or a unit is not; letters of scripts without spaces are words, and two of them mean one thing.
        foreach (string one in (string[])["The Who", "3D"])
            Assert.StartsWith($"'questions': 1 of 1 questions have a right answer as short as \"{one}\"", Assert.Single(new QuestionTask([new Question { Text = "Which?", Answers = [one] }]).Notes), StringComparison.Ordinal);
        Assert.Empty(new QuestionTask([new Question { Text = "Which?", Answers = ["\uC11C\uC6B8"] }]).Notes);
    }

    [Fact]
    public void Score_MetricAboveOne_IsAFaultThatSaysSo()
    {
        QuestionTask task = new([new Question { Text = "Is it?", Answers = ["no"] }], new QuestionTaskOptions { Metric = new AnswerMetric("percent", (_, _) => 85) });
        Assert.StartsWith("The metric percent gave 85 for the item #1, expected 0 to 1", Assert.Throws<InvalidOperationException>(() => task.Score(Items(task)[0], "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TemplateAndColumns_FillEveryPlace()
    {
        string path = Write("q.jsonl", """{"doc":{"body":"{question} stays"},"q":"Who?","a":"Ann","ticket":17,"title":"T {x}","lang":"en"}""");
        QuestionTask task = QuestionTask.Load(path, new QuestionTaskOptions
        {
            Name = "tickets",
            Columns = new QuestionColumns { Context = "doc.body", Question = "q", Answers = "a", Id = "ticket", Group = "lang", Properties = ["lang", "none"] },
            Template = "{{{title}}}: {question}\n{context}\n{question} ({title})",
            System = "Be brief.",
            AnswerPrefix = "It is",
            Style = PromptStyle.Completion,
            Truncation = PromptTruncation.ContextEnd,
            Settings = new AnswerSettings { MaximumNewTokens = 5 },
        }, Token);
        EvaluationItem item = Assert.Single(Items(task));
        Assert.Equal(("{T {x}}: Who?\n", "{question} stays", "\nWho? (T {x})"), (item.Prompt.Before, item.Prompt.Context, item.Prompt.After));
        Assert.Equal(("Be brief.", "It is", PromptStyle.Completion, "context end"), (item.Prompt.System, item.Prompt.AnswerPrefix, item.Prompt.Style, item.Prompt.Truncation.Name));
        Assert.Equal(("17", "en", 5), (item.Id, item.Group, item.Settings.MaximumNewTokens));
        Assert.Equal(new Dictionary<string, string> { ["lang"] = "en", ["title"] = "T {x}" }, item.Properties);
    }

    [Fact]
    public async Task Load_Choices_AreLetteredAndReadByLetter()
    {
        string path = Write(
            "q.jsonl",
            """{"context":"c","question":"Where?","choices":["Rome","Paris","Oslo"],"answer":"Paris"}""",
            """{"context":"c","question":"When?","choices":["1","2"],"answers":["a","2"]}""");
        QuestionTask task = QuestionTask.Load(path, new QuestionTaskOptions { OtherMetrics = [AnswerMetrics.ExactText, new AnswerMetric("length", (_, said) => said.Length)] }, Token);
        EvaluationItem[] items = Items(task);
        Assert.Equal("\n\nQuestion: Where?\n\nA. Rome\nB. Paris\nC. Oslo\n\nAnswer with the letter of the right choice.\n\nAnswer:", items[0].Prompt.After);
        Assert.Equal(["B"], items[0].Answers);
        Assert.Equal(["Rome", "Paris", "Oslo"], items[0].Choices);
        Assert.Equal(["A", "B"], items[1].Answers);
        List<ItemResult> results = await RunAsync(task, prompt => prompt.Text.Contains("Where", StringComparison.Ordinal) ? "B" : "Answer: C");
        Assert.Equal([new("choice_letter", 50), new("exact_text", 50), new TaskFigure("length", 500)], task.Summarize(results));
        Assert.Equal(["B", "none"], results.Select(result => result.Judged));
    }

    [Theory]
    [InlineData(ChoiceAnswerForm.NumberFrom0, "1", "B")]
    [InlineData(ChoiceAnswerForm.NumberFrom1, "1", "A")]
    [InlineData(ChoiceAnswerForm.LetterOrText, "\"b\"", "B")]
    public void Load_ChoiceAnswers_AreReadAsTheColumnsSay(ChoiceAnswerForm form, string answer, string expected)
    {
        string path = Write("q.jsonl", $$"""{"question":"Where?","choices":["Rome","Paris"],"answer":{{answer}},"subject":"s"}""");
        EvaluationItem item = Assert.Single(Items(QuestionTask.Load(path, new QuestionTaskOptions { Columns = QuestionColumns.Mmlu with { ChoiceAnswers = form } }, Token)));
        Assert.Equal([expected], item.Answers);
        Assert.Equal(("", "s"), (item.Prompt.Context, item.Group));
        Assert.StartsWith("Question: Where?\n\nA. Rome", item.Prompt.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Csv_TakesSeveralAnswersAndChoiceColumns()
    {
        string path = Write("q.csv", "question,text,answers,A,B,C", "Which?,\"long, text\",green|red,,,", "Where?,t,B,Rome,Paris,");
        QuestionTask task = QuestionTask.Load(path, new QuestionTaskOptions
        {
            Columns = new QuestionColumns { Context = "text", AnswerSeparator = "|", ChoiceColumns = ["A", "B", "C"] },
        }, Token);
        EvaluationItem[] items = Items(task);
        Assert.Equal(["green", "red"], items[0].Answers);
        Assert.Empty(items[0].Choices);
        Assert.Equal("long, text", items[0].Prompt.Context);
        Assert.Equal(["Rome", "Paris"], items[1].Choices);
        Assert.Equal(["B"], items[1].Answers);
        Assert.Equal("score", task.Summarize([])[0].Name);
    }

    [Fact]
    public void Load_ReadyColumns_FitTheirDataSets()
    {
        string squad = Write("squad.json", """[{"id":"s","context":"c","question":"q","answers":{"text":["x","y"],"answer_start":[1,2]}}]""");
        Assert.Equal(["x", "y"], Items(QuestionTask.Load(squad, new QuestionTaskOptions { Columns = QuestionColumns.Squad }, Token))[0].Answers);
        string longBench = Write("lb.jsonl", """{"_id":"l","context":"c","input":"q","answers":["x"],"length":1}""");
        Assert.Equal("l", Items(QuestionTask.Load(longBench, new QuestionTaskOptions { Columns = QuestionColumns.LongBench }, Token))[0].Id);
    }

    [Fact]
    public void Load_ContextFile_IsReadBelowTheDataFile()
    {
        Directory.CreateDirectory(folder["texts"]);
        File.WriteAllText(folder["texts/a.txt"], "A long tale of a lamp.");
        QuestionTaskOptions options = new() { Columns = new QuestionColumns { ContextFile = "file" } };
        string path = Write("q.jsonl", """{"file":"texts/a.txt","question":"q","answers":"lamp"}""", """{"file":"texts/../texts/a.txt","question":"r","answers":"lamp"}""");
        QuestionTask task = QuestionTask.Load(path, options, Token);
        Assert.All(Items(task), item => Assert.Equal("A long tale of a lamp.", item.Prompt.Context));
        File.WriteAllText(folder["texts/a.txt"], "Another tale of a lamp.");
        Assert.NotEqual(task.Identity, QuestionTask.Load(path, options, Token).Identity);
        File.WriteAllBytes(folder["texts/a.txt"], [0x61, 0xFF]);
        Assert.Contains($"{path}, line 1: the file {folder["texts/a.txt"]} is not UTF-8", Fault("q.jsonl", options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/hostname")]
    [InlineData("../secret.txt")]
    [InlineData("..")]
    public void Load_ContextFileElsewhere_IsRefused(string name)
    {
        string path = Write("q.jsonl", new JsonObject { ["file"] = name, ["question"] = "q", ["answers"] = "a" }.ToJsonString());
        Assert.Equal($"{path}, line 1: the field \"file\" is \"{name}\", expected a file below {folder.Path}.", Fault("q.jsonl", new QuestionTaskOptions { Columns = new QuestionColumns { ContextFile = "file" } }));
    }

    [Fact]
    public void Load_SeveralFilesAndFirstItems_AreTakenInOrder()
    {
        Write("b.jsonl", """{"context":"b","question":"q","answers":"x"}""");
        Write("a.jsonl", """{"context":"a","question":"q","answers":"x"}""", """{"context":"a2","question":"q","answers":"x"}""");
        QuestionTask task = QuestionTask.Load([folder.Path], new QuestionTaskOptions { MaximumItems = 2 }, Token);
        Assert.Equal("questions (first 2)", task.Name);
        Assert.Equal(["a", "a2"], Items(task).Select(item => item.Prompt.Context));
        Assert.Equal(["a", "a2", "b"], Items(QuestionTask.Load(folder["*.jsonl"], cancellationToken: Token)).Select(item => item.Prompt.Context));
    }

    [Fact]
    public void Load_BadLinesSkipped_KeepsTheOthers()
    {
        string path = Write("q.jsonl", Line, "{}", Line.Replace("q1", "q2", StringComparison.Ordinal));
        Assert.Equal(2, QuestionTask.Load(path, new QuestionTaskOptions { Reading = new RecordSourceOptions { BadLines = BadLines.Skip } }, Token).Count);
    }

    [Fact]
    public void Constructor_List_MakesTheSameItems()
    {
        Question question = new() { Text = "Which colour?", Context = "The lamp is green.", Answers = ["green", "emerald"], Id = "q1", Group = "lamps" };
        QuestionTask fromList = new([question]), fromFile = QuestionTask.Load(Write("q.jsonl", Line), cancellationToken: Token);
        Assert.Equal(Items(fromFile)[0].Prompt, Items(fromList)[0].Prompt);
        // A number alone may be the id of another.
        Assert.Equal(["#1", "1"], Items(new QuestionTask([question with { Id = null }, question with { Id = "1" }])).Select(item => item.Id));
        Assert.Equal(fromList.Identity, new QuestionTask([question with { Answers = ["green", "emerald"] }]).Identity);
        Assert.NotEqual(fromList.Identity, new QuestionTask([question with { Answers = ["greenemerald"] }]).Identity);
        Assert.NotEqual(fromList.Identity, new QuestionTask([question with { Context = "The lamp is red." }]).Identity);
        EvaluationItem placed = Items(new QuestionTask(
            [question with { Properties = new Dictionary<string, string> { ["tone"] = "kindly" } }], new QuestionTaskOptions { Template = "Say {tone}: {question} {context}" }))[0];
        Assert.Equal(("Say kindly: Which colour? ", ""), (placed.Prompt.Before, placed.Prompt.After));
    }

    [Fact]
    public void Identity_AnySetting_IsAnother()
    {
        string path = Write("q.jsonl", Line);
        HashSet<string> seen = [QuestionTask.Load(path, cancellationToken: Token).Identity];
        Assert.False(seen.Add(QuestionTask.Load(path, new QuestionTaskOptions(), Token).Identity));
        QuestionTaskOptions[] others =
        [
            new() { Template = "{context}{question}" }, new() { System = "s" }, new() { AnswerPrefix = "p" }, new() { Style = PromptStyle.Completion }, new() { Truncation = PromptTruncation.Middle },
            new() { Settings = new AnswerSettings { MaximumNewTokens = 9 } }, new() { Metric = AnswerMetrics.WordF1 }, new() { OtherMetrics = [AnswerMetrics.WordF1] }, new() { MaximumItems = 1 },
            new() { Name = "n" }, new() { Columns = new QuestionColumns { Properties = ["id"] } },
        ];
        Assert.All(others, options => Assert.True(seen.Add(QuestionTask.Load(path, options, Token).Identity)));
        File.AppendAllText(path, " ");
        Assert.True(seen.Add(QuestionTask.Load(path, cancellationToken: Token).Identity));
    }

    private string Write(string name, params string[] lines)
    {
        File.WriteAllText(folder[name], string.Concat(lines.Select(line => line + "\n")));
        return folder[name];
    }

    private string Fault(string name, QuestionTaskOptions options) => Assert.Throws<DataFormatException>(() => QuestionTask.Load(folder[name], options, Token)).Message;

    private static EvaluationItem[] Items(QuestionTask task) => [.. task.CreateItems(PieceTokenizer.WordLevel)];

    private static Task<List<ItemResult>> RunAsync(QuestionTask task, Func<EvaluationPrompt, string> answer)
    {
        EvaluationModel model = new() { Name = "model", Client = new ScriptedClient(_ => ""), Tokenizer = PieceTokenizer.WordLevel };
        return TaskRuns.RunAsync(task, new DirectSession(model, (_, prompt, _) => answer(prompt)), Token);
    }
}
