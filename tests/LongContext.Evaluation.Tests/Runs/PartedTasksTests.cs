using LongContext.Data.Making;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.MultiDocument;
using LongContext.Evaluation.Tasks.Needles;
using LongContext.Evaluation.Tasks.Ruler;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Runs;

/// <summary>A limit on items of tasks whose items come part by part.</summary>
public sealed class PartedTasksTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ItemSource_PreparedRuler_TakesSoManyOfEachFile()
    {
        EvaluationTask task = Prepared(4_096, 8_192, 16_384);
        Assert.Equal(["4096-0", "4096-1", "8192-0", "8192-1", "16384-0", "16384-1"], Ids(task, 2));
        Assert.Equal(15, Ids(task, null).Length);
        Assert.Null(ItemSource.CountOf(task, 2));
        Assert.Contains("the first 2 items of each length only", TaskDeviations.Of(task, 2));
    }

    [Fact]
    public void ItemSource_MultiDocument_TakesSoManyOfEachPosition()
    {
        MultiDocumentTask task = Documents();
        Assert.Equal(["0-0", "1-0", "0-4", "1-4", "0-9", "1-9"], Ids(task, 2));
        Assert.Equal((6, 12, 12), (ItemSource.CountOf(task, 2), ItemSource.CountOf(task, 4), ItemSource.CountOf(task, null)));
        Assert.Contains("the first 2 items of each gold position only", TaskDeviations.Of(task, 2));
        Assert.Equal(task.Deviations, TaskDeviations.Of(task, 4));
        Assert.All(TaskDeviations.Of(task, 100_000), phrase => Assert.InRange(phrase.Length, 1, 48));
    }

    [Theory]
    [InlineData(3, 3 * 5)]
    [InlineData(5, 4 + 5 + 5 + 5 + 5)]
    [InlineData(100, 2 * (4 + 5 + 7 + 5 + 5))]
    public void ItemSource_PairsAndLengths_TakesSoManyOfEachAndKnowsHowMany(int most, int expected)
    {
        KeyValueTask task = new(new KeyValueTaskOptions { ItemsPerCell = most == 5 ? 1 : 2, PairCounts = [75, 140, 300], Lengths = [2_000, 4_000] });
        EvaluationItem[] items = [.. ItemSource.Of(task, PieceTokenizer.Subword, most).Select(made => made.Item!)];
        Assert.Equal(expected, items.Length);
        Assert.Equal(expected, ItemSource.CountOf(task, most));
        Assert.Equal(["75 pairs", "140 pairs", "300 pairs", "2000", "4000"], items.Select(item => item.Group).Distinct());
        Assert.Equal(task.CreateItems(PieceTokenizer.Subword).Select(item => item.Id), ItemSource.Of(task, PieceTokenizer.Subword, null).Select(made => made.Item!.Id));
    }

    [Fact]
    public async Task RunAsync_ModelGoneOnResume_ShowsSoManyKeptOfEachPart()
    {
        string path = Path.Combine(folder.Path, "run");
        MultiDocumentTask task = Documents();
        ScriptedClient answers = new(_ => "a0"), gone = new(_ => throw new HttpRequestException("gone", null, System.Net.HttpStatusCode.NotFound));
        await new EvaluationRunner(new EvaluationRunOptions { Folder = path }).RunAsync([RunModels.Of(answers)], [task], cancellationToken: Token);
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { Folder = path, MaximumFailuresInARow = 1, MaximumTries = 1, MaximumItems = 2, RequestsAtOnce = 1, ItemsAtOnce = 1 }).RunAsync(
            [RunModels.Of(gone)], [new EchoTask("first", 9), task], cancellationToken: Token);
        Assert.Equal([("gold at 0", 2), ("gold at 4", 2), ("gold at 9", 2)], report.Items.Where(item => item.Task == task.Name).GroupBy(item => item.Group!).Select(group => (group.Key, group.Count())));
        Assert.Equal(0, report.Tasks[1].NotAsked);
    }

    [Fact]
    public async Task RunAsync_StrategyAsksManyAtOnce_ItsOwnTimeIsStillCounted()
    {
        FakeTime time = new();
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int waiting = 0;
        WaitingClient client = new(async question =>
        {
            if (!question.StartsWith("advice", StringComparison.Ordinal)) return EchoTask.Answer(question);
            if (Interlocked.Increment(ref waiting) == 3)
            {
                time.Advance(TimeSpan.FromSeconds(10));
                all.SetResult();
            }

            await all.Task;
            return "yes";
        });
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { TimeProvider = time }).RunAsync(
            [RunModels.Of(client)], [new EchoTask("a", 1)], [new AdvisedStrategy(time)], cancellationToken: Token);
        // Three requests of ten seconds, as if one came after the other, and the strategy's own five.
        Assert.Equal(TimeSpan.FromSeconds((3 * 10) + 5), report.Items[0].Duration);
    }

    private static string[] Ids(EvaluationTask task, int? most) => [.. ItemSource.Of(task, PieceTokenizer.WordLevel, most).Select(made => made.Item!.Id)];

    private static MultiDocumentTask Documents() => new(
        Enumerable.Range(0, 4).Select(q => new MultiDocumentQuestion
        {
            Question = $"Q{q}?",
            Answers = [$"a{q}"],
            Gold = new($"G{q}", $"the answer is a{q}", true),
            Distractors = [.. Enumerable.Range(0, 9).Select(i => new PassageDocument($"D{q}", $"distractor {i}", false))],
        }),
        new MultiDocumentTaskOptions { DocumentCount = 10 });

    private RulerPreparedTask Prepared(params int[] lengths)
    {
        string file = Path.Combine(folder.Path, "vt.jsonl");
        File.WriteAllLines(file, Enumerable.Range(0, 5).Select(i => $"{{\"input\": \"Text {i}.\\nQuestion: which?\", \"outputs\": [\"x\"]}}"));
        return Ruler.Load("vt", lengths.ToDictionary(length => length, _ => file));
    }

    /// <summary>Asks three times at once, then thinks for five seconds.</summary>
    private sealed class AdvisedStrategy(FakeTime time) : IContextStrategy
    {
        public string Name => "advised";

        public string Identity => "advised";

        public async ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
        {
            await Task.WhenAll(Enumerable.Range(0, 3).Select(i => context.Session.AskAsync(EvaluationPrompt.FromText($"advice {i}"), new AnswerSettings(), cancellationToken).AsTask()));
            time.Advance(TimeSpan.FromSeconds(5));
            return new PreparedPrompt(prompt);
        }
    }
}
