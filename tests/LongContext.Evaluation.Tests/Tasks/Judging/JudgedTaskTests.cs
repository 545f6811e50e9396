using LongContext.Data;
using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Tasks.Judging;

public sealed class JudgedTaskTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("judged").FullName;
    private readonly JudgedTaskOptions options = new() { Judges = [new Judge(JudgeTests.Model("judge"))] };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task EvaluateAsync_Question_AsksModelThenJudge()
    {
        JudgedTask task = new(
            [new JudgedQuestion { Question = "Why?", Reference = "Because.", Context = "A {text}.", Id = "why" }, new JudgedQuestion { Question = "How?", Reference = "So.", Group = "g" }],
            options with { Template = "Read:\n{context}\nThen: {question}", System = "sys" });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal(("Read:\n", "A {text}.", "\nThen: Why?", "sys", "Why?"), (items[0].Prompt.Before, items[0].Prompt.Context, items[0].Prompt.After, items[0].Prompt.System, items[0].Prompt.Query));
        Assert.Equal(("How?", "#2", "g"), (items[1].Prompt.Text, items[1].Id, items[1].Group));
        DirectSession session = new(JudgeTests.Model("model"), (who, prompt, _) =>
            who.Name == "model" ? "It is so." : prompt.Text.Contains("It is so.", StringComparison.Ordinal) && prompt.Text.Contains("Because.", StringComparison.Ordinal) ? "[[8]]" : "[[1]]");
        ItemScore score = await task.EvaluateAsync(items[0], session, TestContext.Current.CancellationToken);
        Assert.Equal(0.8, score.Value, 1e-12);
        await Assert.ThrowsAsync<ArgumentException>(async () => await task.EvaluateAsync(items[0] with { Id = "other" }, session, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Load_File_ReadsFieldsByName()
    {
        string path = Write("q.jsonl", """
            {"q": "Who?", "answer": ["Ada", "Grace"], "context": "Text.", "id": 7, "group": "people"}
            {"q": "Where?", "answer": "London", "context": null}
            """);
        JudgedTask task = JudgedTask.Load([path], options with { QuestionColumn = "q" }, TestContext.Current.CancellationToken);
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal(["7", "#2"], items.Select(item => item.Id));
        Assert.Equal(("Ada", "people", "Text."), (items[0].Answer, items[0].Group, items[0].Prompt.Context));
        Assert.Equal("Where?", items[1].Prompt.Text);
    }

    [Theory]
    [InlineData("{\"question\": \"Q\"}", "line 1", "\"answer\"")]
    [InlineData("{\"question\": \"Q\", \"answer\": \"A\", \"id\": \"x\"}\n{\"question\": \"Q\", \"answer\": \"A\", \"id\": \"x\"}", "line 2", "the id is \"x\"")]
    [InlineData("{\"question\": \"Q\", \"answer\": \"A\", \"context\": 3}", "line 1", "\"context\"")]
    [InlineData("", "q.jsonl", "no record")]
    public void Load_BadRecord_NamesFileLineAndField(string text, string place, string field)
    {
        string path = Write("q.jsonl", text);
        string message = Assert.Throws<DataFormatException>(() => JudgedTask.Load([path], options, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("q.jsonl", message, StringComparison.Ordinal);
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains(field, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_BadInput_SaysWhatIsWrong()
    {
        JudgedQuestion one = new() { Question = "Q", Reference = "R" };
        AssertFault("no question", () => new JudgedTask([], options));
        AssertFault("the same id", () => new JudgedTask([one with { Id = "x" }, one with { Id = "x" }], options));
        Assert.Equal(["2", "#2", "1"], new JudgedTask([one with { Id = "2" }, one, one with { Id = "1" }], options).CreateItems(PieceTokenizer.Subword).Select(item => item.Id));
        AssertFault("reference is empty", () => new JudgedTask([one with { Reference = " " }], options));
        AssertFault("{context}", () => new JudgedTask([one], options with { Template = "{question}" }));
        AssertFault("no place {question}", () => new JudgedTask([one], options with { Template = "{context}" }));
        AssertFault("{other}", () => new JudgedTask([one], options with { Template = "{context}{question}{other}" }));
        AssertFault("QuestionColumn", () => new JudgedTask([one], options with { QuestionColumn = "" }));

        static void AssertFault(string part, Func<object> make) => Assert.Contains(part, Assert.Throws<ArgumentException>(make).Message, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
