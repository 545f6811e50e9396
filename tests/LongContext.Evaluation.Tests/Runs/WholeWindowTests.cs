using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Ruler;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>Items that are made as long as a model's window fit into it: what they and the model keep free for a template is the same room.</summary>
public sealed class WholeWindowTests
{
    private const int Window = 4_096;

    public static TheoryData<string> Tokenizers => ["word", "character", "subword", "bpe"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public async Task RunAsync_ItemsOfTheWholeWindow_AllFit(string tokenizerName)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        EvaluationTask[] tasks =
        [
            .. Ruler.Create(new RulerOptions { Lengths = [Window], ItemsPerLength = 6, SolvedExamples = tokenizerName != "character" && tokenizerName != "bpe" }),
            new NeedleTask(new NeedleTaskOptions { Lengths = [Window], Depths = [0, 0.3, 1] }), new MultiNeedleTask(new MultiNeedleTaskOptions { Lengths = [Window] }),
            new KeyValueTask(new KeyValueTaskOptions { Lengths = [Window], ItemsPerCell = 5 }),
            new PasskeyTask(new PasskeyTaskOptions { Lengths = [Window] }), new RepetitionTask(new RepetitionTaskOptions { Lengths = [Window], ItemsPerCell = 10 }),
            new RepetitionTask(new RepetitionTaskOptions { Lengths = [Window], ItemsPerCell = 10, Form = RepetitionForm.AfterMarker }),
        ];
        ScriptedClient client = new(_ => "");
        EvaluationModel model = new() { Name = "model", Client = client, Tokenizer = tokenizer, ContextLength = Window };
        EvaluationReport report = await new EvaluationRunner().RunAsync([model], tasks, cancellationToken: Token);
        Assert.All(report.Items, item => Assert.True(item.Status == ItemStatus.Scored && !item.Truncated, $"{item.Task} {item.Item}: {item.Status} {item.Fault}"));
        Assert.Equal(tasks.Length, report.Tasks.Count(task => task.Scored > 0));

        // One token less, and the longest do not fit: the check is there.
        EvaluationReport less = await new EvaluationRunner().RunAsync([model with { TemplateTokens = 64 + (Window / 50) }], tasks, cancellationToken: Token);
        Assert.All(less.Tasks.Where(task => task.Task != "ruler/vt" && task.Task != "multi-needle"), task => Assert.True(task.TooLong > 0 || task.Task.StartsWith("ruler/qa", StringComparison.Ordinal), task.Task));
    }

    [Theory]
    [InlineData(64, Window)]
    [InlineData(0, Window)]
    [InlineData(164, Window - 100)]
    public async Task FindAsync_ModelOfAWindow_MeasuresUpToItsWholeWindow(int reserved, int longest)
    {
        ScriptedClient client = new(prompt => prompt.Contains("pass key", StringComparison.Ordinal) ? PasskeyOf(prompt) : "");
        EvaluationModel model = new() { Name = "model", Client = client, Tokenizer = PieceTokenizer.Subword, ContextLength = Window, TemplateTokens = reserved };
        EffectiveContextResult result = await EffectiveContext.FindAsync(
            model, new EffectiveContextOptions { Tasks = [new PasskeyTask(new PasskeyTaskOptions { ItemsPerCell = 20 })], CheckPoints = 2, Resolution = 1 }, cancellationToken: Token);
        Assert.Equal(longest, result.Average.Length);
        Assert.All(result.Items, item => Assert.Equal(ItemStatus.Scored, item.Status));

        // A task that leaves nothing free for a template leaves it to the model.
        EffectiveContextResult other = await EffectiveContext.FindAsync(
            model with { Client = SlopeTask.Client(1, (_, _) => 1) }, new EffectiveContextOptions { Tasks = [new SlopeTask("a")], CheckPoints = 2, Resolution = 1 }, cancellationToken: Token);
        Assert.Equal(Window - reserved, other.Average.Length);
    }

    private static string PasskeyOf(string prompt)
    {
        string[] numbers = [.. System.Text.RegularExpressions.Regex.Matches(prompt, @"\d{5,}").Select(match => match.Value)];
        return numbers[0];
    }
}
