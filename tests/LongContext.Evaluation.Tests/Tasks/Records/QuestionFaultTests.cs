using LongContext.Data;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Tasks.Records;

public sealed class QuestionFaultTests : IDisposable
{
    private const string Good = """{"context":"c","question":"q","answers":["a"],"id":"g"}""";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Records => new()
    {
        { """{"context":"c","answers":["a"]}""", "there is no field \"question\", expected text; found \"context\" (a string), \"answers\" (an array)." },
        { """{"context":"c","question":" ","answers":["a"]}""", "the field \"question\" is empty, expected text." },
        { """{"question":"q","answers":["a"]}""", "there is no field \"context\", expected a string; found \"question\" (a string), \"answers\" (an array)." },
        { """{"context":["c"],"question":"q","answers":["a"]}""", "the field \"context\" is an array, expected a string." },
        { """{"context":"c","question":"q"}""", "there is no field \"answers\", expected a string, a number or an array of these; found \"context\" (a string), \"question\" (a string)." },
        { """{"context":"c","question":"q","answers":true}""", "the field \"answers\" is true or false, expected a string, a number or an array of these." },
        { """{"context":"c","question":"q","answers":["a",{}]}""", "the field \"answers\", element 2, is an object, expected a string or a number." },
        { """{"context":"c","question":"q","answers":[]}""", "there is no right answer, with which the metric contains_words compares." },
        { """{"context":"c","question":"q","answers":["a"," "]}""", "a right answer is empty, expected text, with which the metric contains_words compares." },
        { """{"context":"c","question":"q","answers":["a"],"id":"g"}""", "the id is \"g\", as that of a question before it." },
        { """{"context":"c","question":"q","answers":["a"],"id":{}}""", "the field \"id\" is an object, expected a string or a number." },
        { """{"context":"c","question":"q","answers":["a"],"choices":"x"}""", "the field \"choices\" is a string, expected an array of strings." },
        { """{"context":"c","question":"q","answers":["C"],"choices":["x","y"]}""", "the answer \"C\" is neither a letter from A to B nor the text of a choice; where it is a choice's number, say so by the columns' ChoiceAnswers." },
        { "{\"context\"", "not valid JSON: " },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Records))]
    public void Load_BadRecord_NamesFileLineAndField(string line, string fault) => AssertFault(new QuestionTaskOptions(), line, fault);

    [Fact]
    public void Load_RecordsThatDoNotGoWithTheOptions_AreNamed()
    {
        AssertFault(new() { Template = "{context}{question}" }, """{"context":"c","question":"q","answers":"A","choices":["x"]}""", "there are choices, but the template has no place {choices}.");
        AssertFault(new() { Template = "{context}{question}{tone}" }, """{"context":"c","question":"q","answers":"A"}""", "there is no field for the template's place {tone}; found ", """{"tone":"t","context":"c","question":"q","answers":"A"}""");
        AssertFault(new() { Template = "{context}{question}{choices}" }, Good, "there are no choices, but the template has the place {choices}.", """{"context":"c","question":"q","answers":"A","choices":["x"]}""");
        AssertFault(new() { Metric = AnswerMetrics.ChoiceLetter }, Good, "there are no choices, of which the metric choice_letter reads one.", """{"context":"c","question":"q","answers":"A","choices":["x"]}""");
        AssertFault(new() { Columns = new() { Group = "team" } }, Good, "there is nothing in the field \"team\", expected text; found ", """{"context":"c","question":"q","answers":"A","team":"t"}""");
        AssertFault(new() { Columns = new() { Choices = "options" } }, Good, "there is no field \"options\", expected a string, a number or an array of these; found ", """{"context":"c","question":"q","answers":"A","options":["t"]}""");
        AssertFault(
            new() { Columns = new() { ChoiceAnswers = ChoiceAnswerForm.NumberFrom1 } }, """{"context":"c","question":"q","answers":0,"choices":["x","y"]}""",
            "the field \"answers\" is \"0\", expected a choice's number from 1 to 2.");
        AssertFault(new() { Columns = new() { ContextFile = "file" } }, """{"file":"none.txt","question":"q","answers":0}""", $"the field \"file\" is \"none.txt\", but there is no file {folder["none.txt"]}.", null);
        string choices = string.Join(',', Enumerable.Range(0, 27).Select(i => $"\"{i}\""));
        AssertFault(new(), $$"""{"context":"c","question":"q","answers":"A","choices":[{{choices}}]}""", "there are 27 choices, expected at most 26: each has a letter.");
    }

    [Fact]
    public void Load_OwnMetric_NeedsNoAnswers()
    {
        File.WriteAllText(folder["q.jsonl"], """{"context":"c","question":"q","answers":[]}""");
        Assert.Equal(1, QuestionTask.Load(folder["q.jsonl"], new QuestionTaskOptions { Metric = new AnswerMetric("mine", (_, _) => 1) }, TestContext.Current.CancellationToken).Count);
    }

    [Theory]
    [InlineData("{question} only", "Template: the place {context} occurs 0 times, expected once; set the column Context to null where there is none.")]
    [InlineData("{context}{context}{question}", "Template: the place {context} occurs 2 times, expected once; set the column Context to null where there is none.")]
    [InlineData("{context} only", "Template: the place {question} is missing.")]
    [InlineData("{context}{question", "Template: at character 10, a { is not closed; write {{ for the character.")]
    public void Load_BadTemplate_SaysWhatIsWrong(string template, string fault)
    {
        File.WriteAllText(folder["q.jsonl"], Good);
        Assert.StartsWith(fault, Assert.Throws<ArgumentException>(() => QuestionTask.Load(folder["q.jsonl"], new QuestionTaskOptions { Template = template })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoContextColumn_RefusesItsPlace()
    {
        File.WriteAllText(folder["q.jsonl"], Good);
        QuestionTaskOptions options = new() { Template = "{context}{question}", Columns = new QuestionColumns { Context = null } };
        Assert.StartsWith(
            "Template: the place {context} occurs 1 times, expected none, as the columns say that there is no context.",
            Assert.Throws<ArgumentException>(() => QuestionTask.Load(folder["q.jsonl"], options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NothingThere_SaysSo()
    {
        File.WriteAllText(folder["q.jsonl"], "");
        Assert.Equal($"{folder["q.jsonl"]}: there is no record, expected questions.", Assert.Throws<DataFormatException>(() => QuestionTask.Load(folder["q.jsonl"])).Message);
        Assert.Throws<FileNotFoundException>(() => QuestionTask.Load(folder["none.jsonl"]));
    }

    [Fact]
    public void Load_OptionsAtFault_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => QuestionTask.Load(folder.Path, new QuestionTaskOptions
        {
            Name = " ",
            Columns = new QuestionColumns { Question = "", AnswerSeparator = "", ChoiceAnswers = (ChoiceAnswerForm)7, ChoiceColumns = [""] },
            Metric = AnswerMetrics.WordF1,
            OtherMetrics = [AnswerMetrics.WordF1],
            MaximumItems = 0,
            Style = (PromptStyle)5,
        })).Message;
        foreach (string part in (string[])
            ["Name is blank", "Columns.Question is empty", "Columns.AnswerSeparator is empty", "Columns.ChoiceAnswers is 7", "Columns.ChoiceColumns", "have \"word_f1\" twice", "MaximumItems is 0", "Style is 5"])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Constructor_BadQuestion_NamesIt()
    {
        Question good = new() { Text = "q", Answers = ["a"] };
        Assert.StartsWith("There is no question.", Assert.Throws<ArgumentException>(() => new QuestionTask([])).Message, StringComparison.Ordinal);
        Assert.StartsWith("Question 2 is null, or has a member that is.", Assert.Throws<ArgumentException>(() => new QuestionTask([good, null!])).Message, StringComparison.Ordinal);
        Assert.StartsWith("Question 2: there is no right answer", Assert.Throws<ArgumentException>(() => new QuestionTask([good, good with { Answers = [] }])).Message, StringComparison.Ordinal);
        Assert.StartsWith("Question 2: the id is \"x\"", Assert.Throws<ArgumentException>(() => new QuestionTask([good with { Id = "x" }, good with { Id = "x" }])).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Question 1: there is nothing for the template's place {tone}, expected {question}, {context}, {choices} or {x}.",
            Assert.Throws<ArgumentException>(() => new QuestionTask([good with { Properties = new Dictionary<string, string> { ["x"] = "y" } }], new QuestionTaskOptions { Template = "{question}{tone}" })).Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "Question 1: there is a context, but the template has no place {context}.",
            Assert.Throws<ArgumentException>(() => new QuestionTask([good with { Context = "c" }], new QuestionTaskOptions { Template = "{question}" })).Message, StringComparison.Ordinal);
    }

    private void AssertFault(QuestionTaskOptions options, string line, string fault, string? before = Good)
    {
        string path = folder["q.jsonl"];
        File.WriteAllText(path, (before is null ? "" : before + "\n") + line + "\n");
        string message = Assert.Throws<DataFormatException>(() => QuestionTask.Load(path, options)).Message;
        Assert.StartsWith($"{path}, line {(before is null ? 1 : 2)}: {fault}", message, StringComparison.Ordinal);
    }
}
