using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

public class TruncationStrategyTests
{
    private static readonly Tokenizer Words = PieceTokenizer.WordLevel;

    private static EvaluationPrompt Question { get; } = new() { Before = "read: ", Context = "a b c d e f g h i j", After = " which letter?", AnswerPrefix = "the" };

    [Theory]
    [InlineData(TruncatedPart.End, "a b c d ")]
    [InlineData(TruncatedPart.Middle, "a b i j")]
    [InlineData(TruncatedPart.Start, "g h i j")]
    public async Task PrepareAsync_BudgetOfTokens_KeepsSoManyOfTheContext(TruncatedPart part, string expected)
    {
        PreparedPrompt prepared = await new TruncationStrategy(part, ContextBudget.OfTokens(4))
            .PrepareAsync(Question, StrategyContexts.For(Words), TestContext.Current.CancellationToken);
        Assert.Equal(Question with { Context = expected, Query = Question.After }, prepared.Prompt);
        Assert.Equal(10, prepared.Details[StrategyDetails.ContextTokens]);
        Assert.Equal(4, prepared.Details[StrategyDetails.KeptTokens]);
    }

    [Theory]
    [InlineData(9, null, "a b c d e f ")]   // 9 less "read:", "which", "letter?"
    [InlineData(9, 4, "a b c d ")]
    [InlineData(6, 4, "a b c ")]
    [InlineData(13, null, "a b c d e f g h i j")]
    [InlineData(null, null, "a b c d e f g h i j")]
    [InlineData(null, 10, "a b c d e f g h i j")]
    [InlineData(3, null, "")]
    public async Task PrepareAsync_WindowAndBudget_TheSmallerCounts(int? window, int? tokens, string expected)
    {
        ContextBudget? budget = tokens is { } most ? ContextBudget.OfTokens(most) : null;
        PreparedPrompt prepared = await new TruncationStrategy(TruncatedPart.End, budget)
            .PrepareAsync(Question, StrategyContexts.For(Words, window), TestContext.Current.CancellationToken);
        Assert.Equal(expected, prepared.Prompt.Context);
        if (expected == Question.Context) Assert.Same(Question, prepared.Prompt);
    }

    [Theory]
    [InlineData(0.29, 100, 29)] // as doubles 28.999…
    [InlineData(0.57, 100, 57)]
    [InlineData(0.1, 1_000_000, 100_000)]
    [InlineData(0.3, 10, 3)]
    [InlineData(0.25, 7, 1)]
    [InlineData(1e-30, 100, 1)]
    [InlineData(1, 2_000_000_000, 2_000_000_000)]
    public void Of_Share_IsWhatItSays(double share, int tokens, int expected) => Assert.Equal(expected, ContextBudget.OfShare(share).Of(tokens));

    [Fact]
    public async Task PrepareAsync_Share_IsOfEachContextsTokens()
    {
        TruncationStrategy strategy = new(TruncatedPart.End, ContextBudget.OfShare(0.25));
        PreparedPrompt prepared = await strategy.PrepareAsync(Question, StrategyContexts.For(Words), TestContext.Current.CancellationToken);
        Assert.Equal("a b ", prepared.Prompt.Context);
        prepared = await strategy.PrepareAsync(Question with { Context = "a b" }, StrategyContexts.For(Words), TestContext.Current.CancellationToken);
        Assert.Equal("a ", prepared.Prompt.Context);
    }

    [Fact]
    public async Task PrepareAsync_NoContext_IsPassedOn()
    {
        EvaluationPrompt prompt = EvaluationPrompt.FromText("a b c d e f");
        PreparedPrompt prepared = await new TruncationStrategy(TruncatedPart.End, ContextBudget.OfTokens(1))
            .PrepareAsync(prompt, StrategyContexts.For(Words, 2), TestContext.Current.CancellationToken);
        Assert.Same(prompt, prepared.Prompt);
        Assert.Empty(prepared.Details);
    }

    [Fact]
    public async Task PrepareAsync_QuestionDoesNotFit_Throws() =>
        await Assert.ThrowsAsync<PromptTooLongException>(async () => await new TruncationStrategy()
            .PrepareAsync(Question, StrategyContexts.For(Words, 2), TestContext.Current.CancellationToken));

    [Theory]
    [MemberData(nameof(CuttingTokenizers.All), MemberType = typeof(CuttingTokenizers))]
    public async Task PrepareAsync_AnyTokenizer_NeverExceedsBudgetOrWindow(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 10; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter, string\n", 12)) : CuttingTokenizers.Text(seed, 70);
            EvaluationPrompt prompt = new() { Before = "the ", Context = text, After = "\nab" };
            foreach (TruncatedPart part in Enum.GetValues<TruncatedPart>())
            {
                foreach ((int budget, int window) in new[] { (1, 100), (7, 12), (20, 18), (33, 1000) })
                {
                    PreparedPrompt prepared = await new TruncationStrategy(part, ContextBudget.OfTokens(budget))
                        .PrepareAsync(prompt, StrategyContexts.For(tokenizer, window), TestContext.Current.CancellationToken);
                    string kept = prepared.Prompt.Context;
                    Assert.InRange(kept.Length == 0 ? 0 : tokenizer.CountTokens(kept), 0, budget);
                    Assert.InRange(tokenizer.CountTokens(prepared.Prompt.Text), 0, window);
                    Assert.True(StrategyContexts.IsSubsequence(kept, text));
                    Assert.Equal(kept.Length == 0 ? 0 : tokenizer.CountTokens(kept), prepared.Details[StrategyDetails.KeptTokens]);
                    Assert.False(kept.Length > 0 && (char.IsLowSurrogate(kept[0]) || char.IsHighSurrogate(kept[^1])));
                }
            }
        }
    }

    [Fact]
    public void NameAndIdentity_SayWhatItDoes()
    {
        Assert.Equal("truncation middle", new TruncationStrategy().Name);
        Assert.Equal("truncation end 4096 tokens", new TruncationStrategy(TruncatedPart.End, ContextBudget.OfTokens(4096)).Name);
        Assert.Equal("truncation start 12.5% of tokens", new TruncationStrategy(TruncatedPart.Start, ContextBudget.OfShare(0.125)).Name);
        Assert.NotEqual(new TruncationStrategy(TruncatedPart.End).Identity, new TruncationStrategy(TruncatedPart.Start).Identity);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TruncationStrategy((TruncatedPart)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => ContextBudget.OfTokens(0));
        foreach (double share in new[] { 0, -1, 1.01, double.NaN }) Assert.Throws<ArgumentOutOfRangeException>(() => ContextBudget.OfShare(share));
        Assert.Equal(ContextBudget.OfTokens(5), ContextBudget.OfTokens(5));
    }
}
