using System.Text.RegularExpressions;
using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Tasks;

/// <summary>What a task of one's own can do with the helpers that are there for it.</summary>
public sealed class LedgerTaskTests
{
    private const int Cliff = 1_800;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("word", 512)]
    [InlineData("subword", 2_048)]
    [InlineData("character", 4_096)]
    public void CreateItems_Length_IsFilledToLessThanAnotherLine(string tokenizerName, int length)
    {
        var tokenizer = TestTokenizers.Get(tokenizerName);
        foreach (EvaluationItem item in new LedgerTask().CreateItems(tokenizer, length).Take(10))
        {
            int left = length - 16 - 64 - tokenizer.CountTokens(item.Prompt.Text);
            Assert.InRange(left, 0, tokenizer.CountTokens("\nInvoice 1000 was paid by customer 1000.") + 2);
        }
    }

    [Fact]
    public void MostParts_TooShortALength_SaysSo()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new LedgerTask().CreateItems(PieceTokenizer.WordLevel, 90).First());
        Assert.Contains("With 1 parts the prompt has more than 10 tokens", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => PromptFilling.MostParts(PieceTokenizer.WordLevel, 10, parts => "", fewest: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => DepthOrder.Of(-1, 1));
    }

    [Fact]
    public async Task FindAsync_TaskOfOnesOwn_FindsTheLengthUpToWhichItIsAnswered()
    {
        EffectiveContextResult result = await EffectiveContext.FindAsync(
            Model(), new EffectiveContextOptions { Tasks = [new LedgerTask()], MinimumLength = 512, MaximumLength = 4_096 }, cancellationToken: Token);
        EffectiveLength found = Assert.Single(result.Tasks);
        Assert.Equal("ledger", found.Task);
        Assert.InRange(Cliff, found.Lower!.Value, found.Upper!.Value - 1);
    }

    [Fact]
    public async Task RunAsync_TaskOfOnesOwn_ReportsEachLength()
    {
        EvaluationReport report = await new EvaluationRunner().RunAsync([Model()], [new LedgerTask(itemsPerCell: 1)], cancellationToken: Token);
        Assert.Equal([new("score", 0), new("2048", 0), new("4096", 0), new TaskFigure("8192", 0)], report.Tasks[0].Figures);
        Assert.Empty(report.Tasks[0].Deviations);
    }

    /// <summary>Looks the customer up where prompt, answer and template have at most so many tokens.</summary>
    private static EvaluationModel Model()
    {
        ScriptedClient client = new(prompt =>
        {
            if (PieceTokenizer.WordLevel.CountTokens(prompt) + 16 + 64 > Cliff) return "I do not know.";
            string invoice = Regex.Match(prompt, "Who paid invoice (\\d+)\\?").Groups[1].Value;
            return Regex.Match(prompt, $"(?:^|\n)Invoice {invoice} was paid by customer (\\d+)\\.").Groups[1].Value;
        });
        return new EvaluationModel { Name = "clerk", Client = client, Tokenizer = PieceTokenizer.WordLevel };
    }
}
