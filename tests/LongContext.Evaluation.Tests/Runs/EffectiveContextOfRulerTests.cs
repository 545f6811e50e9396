using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Ruler;

namespace LongContext.Evaluation.Runs;

/// <summary>The search with RULER's own tasks, by a model that answers them from their prompts.</summary>
public sealed class EffectiveContextOfRulerTests
{
    private const int Window = 4_096, Cliff = 1_800;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1_024)]
    [InlineData(4_096)]
    public async Task Oracle_EveryTask_IsRight(int length)
    {
        DirectSession session = new(Model(length), (_, prompt, _) => RulerOracle.Answer(prompt.Text));
        foreach (RulerTask task in Ruler.Create(new RulerOptions { Lengths = [length], ItemsPerLength = 12 }))
            Assert.All(await TaskRuns.RunAsync(task, session, Token), result => Assert.True(result.Score == 1, $"{result.Task} {result.Item}"));
    }

    [Fact]
    public async Task FindAsync_NoOptions_FindsOutHowLongRulersThirteenTasksAreAnswered()
    {
        EffectiveContextResult result = await EffectiveContext.FindAsync(Model(Window), cancellationToken: Token);
        Assert.Equal(0.856, result.Threshold);
        Assert.Equal(Ruler.Names.Select(name => "ruler/" + name + (name.StartsWith("qa", StringComparison.Ordinal) ? "-generated" : "")), result.Tasks.Select(task => task.Task));
        foreach (EffectiveLength found in result.Tasks.Append(result.Average))
        {
            Assert.InRange(Cliff, found.Lower!.Value, found.Upper!.Value - 1);
            Assert.InRange((double)found.Upper.Value / found.Lower.Value, 1, 1.06);
            Assert.Equal(1, found.Score);
            Assert.Equal(Window, found.Curve[^1].Length);
        }

        Assert.All(result.Items, item => Assert.NotEqual(ItemStatus.TooLong, item.Status));
    }

    /// <summary>Right where prompt, answer and template have at most so many tokens.</summary>
    private static EvaluationModel Model(int window)
    {
        ScriptedClient client = new((messages, options) =>
            PieceTokenizer.WordLevel.CountTokens(messages[^1].Text) + options!.MaxOutputTokens + 64 <= Cliff ? RulerOracle.Answer(messages[^1].Text) : "I do not know.");
        return new EvaluationModel { Name = "oracle", Client = client, Tokenizer = PieceTokenizer.WordLevel, ContextLength = window };
    }
}
