using LongContext.Evaluation.Strategies.Compression;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Strategies;

public class CompressionStrategyTests
{
    private static EvaluationPrompt Question { get; } = new() { Before = "read: ", Context = "Cats sleep. Dogs bark at cats. Fish swim.", After = " what do dogs do?" };

    [Fact]
    public async Task PrepareAsync_SentencesByBm25_KeepsThoseOfTheQuestion()
    {
        CompressionStrategy strategy = new(new SentenceCompressor(new Bm25Retriever()), ContextBudget.OfTokens(6));
        PreparedPrompt prepared = await strategy.PrepareAsync(Question, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken);
        Assert.Equal(Question with { Context = "Cats sleep. Dogs bark at cats. ", Query = Question.After }, prepared.Prompt);
        Assert.Equal((8, 6), (prepared.Details[StrategyDetails.ContextTokens], prepared.Details[StrategyDetails.KeptTokens]));
        Assert.Equal("compression sentences bm25 6 tokens", strategy.Name);
    }

    [Fact]
    public async Task PrepareAsync_DefaultBudget_IsHalf()
    {
        PreparedPrompt prepared = await new CompressionStrategy(new SentenceCompressor(new Bm25Retriever()))
            .PrepareAsync(Question, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken);
        Assert.Equal("Dogs bark at cats. ", prepared.Prompt.Context);
    }

    [Fact]
    public async Task PrepareAsync_CompressorKeepsTooMuch_CutsItsEnd()
    {
        CompressionStrategy strategy = new(new Nothing(), ContextBudget.OfTokens(3));
        PreparedPrompt prepared = await strategy.PrepareAsync(Question, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken);
        Assert.Equal("Cats sleep. Dogs ", prepared.Prompt.Context);
    }

    [Fact]
    public async Task PrepareAsync_FitsOrNoContext_IsPassedOn()
    {
        CompressionStrategy strategy = new(new Nothing(), ContextBudget.OfTokens(8));
        Assert.Same(Question, (await strategy.PrepareAsync(Question, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken)).Prompt);
        EvaluationPrompt bare = EvaluationPrompt.FromText("a b c d e f g h i j");
        Assert.Same(bare, (await strategy.PrepareAsync(bare, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken)).Prompt);
        Assert.Same(Question, (await new CompressionStrategy(new Nothing(), ContextBudget.Window)
            .PrepareAsync(Question, StrategyContexts.For(PieceTokenizer.WordLevel), TestContext.Current.CancellationToken)).Prompt);
    }

    private sealed class Nothing : IContextCompressor
    {
        public string Name => "nothing";

        public string Identity => "nothing";

        public ValueTask<CompressedContext> CompressAsync(CompressionRequest request, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new CompressedContext(request.Context));
    }
}
