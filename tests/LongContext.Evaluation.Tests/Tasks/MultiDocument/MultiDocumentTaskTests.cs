using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.MultiDocument;

public sealed class MultiDocumentTaskTests
{
    [Theory]
    [InlineData(10, new[] { 0, 4, 9 })]
    [InlineData(20, new[] { 0, 4, 9, 14, 19 })]
    [InlineData(30, new[] { 0, 4, 9, 14, 19, 24, 29 })]
    public void CreateItems_Defaults_PutTheGoldDocumentAtThePapersPositions(int count, int[] positions)
    {
        MultiDocumentTask task = new(Questions(3, 40), new MultiDocumentTaskOptions { DocumentCount = count });
        Assert.Equal($"multi-document/{count}", task.Name);
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.WordLevel)];
        Assert.Equal(3 * positions.Length, items.Length);
        Assert.Equal(items.Length, items.Select(item => item.Id).Distinct().Count());
        Assert.Equal(positions.SelectMany(position => Enumerable.Repeat($"gold at {position}", 3)), items.Select(item => item.Group));
        foreach (EvaluationItem item in items)
        {
            string[] lines = item.Prompt.Context.TrimEnd('\n').Split('\n');
            Assert.Equal(count, lines.Length);
            int gold = int.Parse(item.Group![8..], null);
            int question = int.Parse(Regex.Match(item.Prompt.After, "^\nQuestion: Q(\\d)\\?\nAnswer:$").Groups[1].Value, null);
            Assert.Equal($"Document [{gold + 1}](Title: G{question}) the answer is a{question}", lines[gold]);
            Assert.Equal(Enumerable.Range(0, count - 1).Select(i => $"(Title: D{question}) distractor {i}"), lines.Where((_, i) => i != gold).Select(line => line[line.IndexOf('(', StringComparison.Ordinal)..]));
            Assert.Equal(gold / (count - 1.0), item.Depth!.Value, 1e-12);
            Assert.Equal(MultiDocumentPrompt.Write(item.Prompt.Query!, [.. Documents(lines)], MultiDocumentForm.Plain), item.Prompt.Text);
        }
    }

    [Theory]
    [InlineData(MultiDocumentForm.Plain, "irrelevant).\n\n")]
    [InlineData(MultiDocumentForm.QueryAware, "irrelevant).\n\nQuestion: Q0?\n\n")]
    [InlineData(MultiDocumentForm.RandomOrder, "irrelevant). The search results are ordered randomly.\n\n")]
    public void CreateItems_Forms_AreThePapersPrompts(MultiDocumentForm form, string ending)
    {
        EvaluationItem item = new MultiDocumentTask(Questions(1, 9), new MultiDocumentTaskOptions { DocumentCount = 10, Form = form }).CreateItems(PieceTokenizer.WordLevel).First();
        Assert.EndsWith(ending, item.Prompt.Before, StringComparison.Ordinal);
        Assert.Equal(MultiDocumentPrompt.Write("Q0?", [.. Documents(item.Prompt.Context.TrimEnd('\n').Split('\n'))], form), item.Prompt.Text);
    }

    [Fact]
    public void FromFiles_AsGiven_KeepsTheFilesOrder()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("documents").FullName, "nq-open-3_total_documents_gold_at_1.jsonl");
        try
        {
            object Document(int q, int d) => new { id = $"{q}{d}", title = $"T{d}", text = d == 1 ? $"gold {q}" : $"other {d}", hasanswer = d == 1, isgold = d == 1, score = "1.0" };
            File.WriteAllLines(file, Enumerable.Range(0, 5).Select(q => JsonSerializer.Serialize(new { question = $"Q{q}?", answers = new[] { $"gold {q}" }, ctxs = Enumerable.Range(0, 3).Select(d => Document(q, d)) })));
            MultiDocumentTask task = MultiDocumentTask.Load([file], new MultiDocumentTaskOptions { AsGiven = true, MaximumQuestions = 4 });
            EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.WordLevel)];
            Assert.Equal(("multi-document", 4), (task.Name, items.Length));
            Assert.Equal("Document [1](Title: T0) other 0\nDocument [2](Title: T1) gold 2\nDocument [3](Title: T2) other 2\n", items[2].Prompt.Context);
            Assert.All(items, item => Assert.Equal(("gold at 1", 0.5), (item.Group, item.Depth!.Value)));
            // The same file with the gold document put elsewhere.
            EvaluationItem moved = MultiDocumentTask.Load([file], new MultiDocumentTaskOptions { DocumentCount = 3, GoldPositions = [2] }).CreateItems(PieceTokenizer.WordLevel).First();
            Assert.EndsWith("Document [3](Title: T1) gold 0\n", moved.Prompt.Context, StringComparison.Ordinal);
            File.WriteAllText(file, "{\"question\": \"Q\"}\n");
            Assert.Contains("answers", Assert.Throws<DataFormatException>(() => MultiDocumentTask.Load([file])).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [Fact]
    public void Score_Answers_LooksAtTheFirstLine()
    {
        MultiDocumentTask task = new(Questions(1, 9), new MultiDocumentTaskOptions { DocumentCount = 10 });
        EvaluationItem item = task.CreateItems(PieceTokenizer.WordLevel).First();
        Assert.Equal((1.0, "It's an A0!"), (task.Score(item, " It's an A0! \nno").Value, task.Score(item, " It's an A0! \nno").Judged));
        Assert.Equal(0, task.Score(item, "no\na0").Value);
        ItemResult Result(int gold, double score) => new() { Model = "m", Strategy = "s", Task = "t", Item = "i", Status = ItemStatus.Scored, Group = $"gold at {gold}", Score = score };
        Assert.Equal(
            [new TaskFigure("score", 50), new TaskFigure("gold at 4", 75), new TaskFigure("gold at 14", 0)], task.Summarize([Result(14, 0), Result(4, 1), Result(4, 0.5)]));
    }

    [Fact]
    public void Constructor_BadInput_IsNamed()
    {
        Assert.Contains("documents without the answer", Assert.Throws<ArgumentException>(() => new MultiDocumentTask(Questions(2, 9))).Message, StringComparison.Ordinal);
        Assert.Contains("not among those of the file", Assert.Throws<ArgumentException>(() => new MultiDocumentTask(Questions(2, 9), new MultiDocumentTaskOptions { AsGiven = true })).Message, StringComparison.Ordinal);
        Assert.Contains("no question", Assert.Throws<ArgumentException>(() => new MultiDocumentTask([])).Message, StringComparison.Ordinal);
        string message = Assert.Throws<ArgumentException>(() => new MultiDocumentTask([], new MultiDocumentTaskOptions { DocumentCount = 1, GoldPositions = [1, 1], MaximumQuestions = 0, MaximumNewTokens = 0 })).Message;
        foreach (string part in (string[])["DocumentCount is 1", "GoldPositions holds 1", "a value twice", "MaximumQuestions is 0", "MaximumNewTokens is 0"]) Assert.Contains(part, message, StringComparison.Ordinal);
        // Other questions' documents fill up.
        EvaluationItem item = new MultiDocumentTask(Questions(4, 3), new MultiDocumentTaskOptions { DocumentCount = 10, BorrowsDistractors = true }).CreateItems(PieceTokenizer.WordLevel).First();
        Assert.Equal(10, item.Prompt.Context.TrimEnd('\n').Split('\n').Distinct().Count());
    }

    private static IEnumerable<PassageDocument> Documents(string[] lines) =>
        lines.Select(line => Regex.Match(line, "^Document \\[\\d+\\]\\(Title: (.*?)\\) (.*)$")).Select(match => new PassageDocument(match.Groups[1].Value, match.Groups[2].Value, null));

    private static IEnumerable<MultiDocumentQuestion> Questions(int count, int distractors) => Enumerable.Range(0, count).Select(q => new MultiDocumentQuestion
    {
        Question = $"Q{q}?",
        Answers = [$"a{q}"],
        Gold = new PassageDocument($"G{q}", $"the answer is a{q}", true),
        Distractors = [.. Enumerable.Range(0, distractors).Select(i => new PassageDocument($"D{q}", $"distractor {i}", false))],
    });
}
