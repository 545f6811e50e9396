using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

public class RetrievalStrategyTests
{
    private static readonly Tokenizer Words = PieceTokenizer.WordLevel;

    private static EvaluationPrompt Question { get; } = new() { Before = "read: ", Context = "aa bb cc dd ee ff gg hh", After = " dd or gg?" };

    private static RetrievalOptions Pairs(int count) => new() { Count = count, Chunking = new() { Unit = ChunkUnit.Words, Size = 2, KeepsSentences = false } };

    private static ValueTask<PreparedPrompt> PrepareAsync(IChunkRetriever retriever, RetrievalOptions options, int? window = null, EvaluationPrompt? prompt = null) =>
        new RetrievalStrategy(retriever, options).PrepareAsync(prompt ?? Question, StrategyContexts.For(Words, window), TestContext.Current.CancellationToken);

    [Fact]
    public async Task PrepareAsync_Passages_StandInTheOrderOfTheText()
    {
        PreparedPrompt prepared = await PrepareAsync(new FixedRetriever("fixed", 3, 0, 1), Pairs(2));
        Assert.Equal(Question with { Context = "aa bb \n\ngg hh", Query = " dd or gg?" }, prepared.Prompt);
        Assert.Equal((2, 4, 8, 4), (prepared.Details[StrategyDetails.Passages], prepared.Details[StrategyDetails.Chunks], prepared.Details[StrategyDetails.ContextTokens], prepared.Details[StrategyDetails.KeptTokens]));
        Assert.Equal(1, prepared.Details["fixed"]);
        prepared = await PrepareAsync(new FixedRetriever("fixed", 3, 0, 1), Pairs(3));
        Assert.Equal("aa bb cc dd \n\ngg hh", prepared.Prompt.Context);
        Assert.Equal("gg hh\n\naa bb \n\ncc dd ", (await PrepareAsync(new FixedRetriever("fixed", 3, 0, 1), Pairs(3) with { Order = PassageOrder.Rank })).Prompt.Context);
        Assert.Equal("cc dd |aa bb |gg hh", (await PrepareAsync(new FixedRetriever("fixed", 3, 0, 1), Pairs(3) with { Order = PassageOrder.ReversedRank, Separator = "|" })).Prompt.Context);
    }

    [Fact]
    public async Task PrepareAsync_RetrieverNamesADetailAlike_TheStrategysStays()
    {
        PreparedPrompt prepared = await PrepareAsync(new FixedRetriever(StrategyDetails.Chunks, 3, 0, 1), Pairs(2));
        Assert.Equal(4, prepared.Details[StrategyDetails.Chunks]);
    }

    [Fact]
    public async Task PrepareAsync_LongBenchV2Form_NumbersPassages()
    {
        RetrievalOptions options = RetrievalOptions.LongBenchV2(2) with { Chunking = Pairs(2).Chunking };
        PreparedPrompt prepared = await PrepareAsync(new FixedRetriever("fixed", 1, 0), options);
        Assert.Equal("Retrieved chunk 1: aa bb \n\nRetrieved chunk 2: cc dd ", prepared.Prompt.Context);
        Assert.Equal((ChunkUnit.Tokens, 512), (RetrievalOptions.LongBenchV2(4).Chunking.Unit, RetrievalOptions.LongBenchV2(4).Chunking.Size));
    }

    [Fact]
    public async Task PrepareAsync_Bm25_FindsTheQuestionsWords()
    {
        Assert.Equal("cc dd \n\ngg hh", (await PrepareAsync(new Bm25Retriever(), Pairs(2))).Prompt.Context);
        Assert.Equal("aa bb ", (await PrepareAsync(new Bm25Retriever(), Pairs(1), prompt: Question with { Query = "bb" })).Prompt.Context);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PrepareAsync_AllPassages_AreTheContextItself(bool overlap)
    {
        string text = CuttingTokenizers.Text(3, 400);
        RetrievalOptions options = new() { Count = 500, Chunking = new() { Size = 30, Overlap = overlap ? 12 : 0 } };
        PreparedPrompt prepared = await PrepareAsync(new Bm25Retriever(), options, prompt: Question with { Context = text, Query = "world" });
        Assert.Equal(text, prepared.Prompt.Context);
    }

    [Theory]
    [InlineData(8, "aa bb \n\ngg hh")]  // 8 less "read:", "dd", "or", "gg?"
    [InlineData(7, "gg hh")]
    [InlineData(5, "gg ")]
    [InlineData(4, "")]
    public async Task PrepareAsync_SmallWindow_TakesTheBestThatFit(int window, string expected)
    {
        PreparedPrompt prepared = await PrepareAsync(new FixedRetriever("fixed", 3, 0, 1), Pairs(3), window);
        Assert.Equal(expected, prepared.Prompt.Context);
        Assert.Equal(expected.Length == 0 ? 0 : expected.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, prepared.Details[StrategyDetails.Passages]);
    }

    [Fact]
    public async Task PrepareAsync_QuestionDoesNotFit_Throws() =>
        await Assert.ThrowsAsync<PromptTooLongException>(async () => await PrepareAsync(new Bm25Retriever(), Pairs(3), 3));

    [Theory]
    [MemberData(nameof(CuttingTokenizers.All), MemberType = typeof(CuttingTokenizers))]
    public async Task PrepareAsync_AnyTokenizer_NeverExceedsBudgetOrWindow(string name)
    {
        Tokenizer tokenizer = CuttingTokenizers.Get(name);
        for (int seed = 0; seed < 8; seed++)
        {
            string text = name == "bpe" ? string.Concat(Enumerable.Repeat($"the {seed} winter. String\n", 12)) : CuttingTokenizers.Text(seed, 120);
            EvaluationPrompt prompt = new() { Before = "the\n", Context = text, After = " ab world" };
            foreach ((int budget, int window) in new[] { (1, 200), (9, 30), (60, 45), (500, 1000) })
            {
                RetrievalOptions options = new() { Count = 6, Chunking = new() { Size = 20, Overlap = seed % 7 }, Budget = ContextBudget.OfTokens(budget), Order = (PassageOrder)(seed % 3) };
                PreparedPrompt prepared = await new RetrievalStrategy(new Bm25Retriever(), options).PrepareAsync(prompt, StrategyContexts.For(tokenizer, window), TestContext.Current.CancellationToken);
                string kept = prepared.Prompt.Context;
                Assert.InRange(kept.Length == 0 ? 0 : tokenizer.CountTokens(kept), 0, budget);
                Assert.InRange(tokenizer.CountTokens(prepared.Prompt.Text), 0, window);
                string without = kept.Replace("\n\n", "", StringComparison.Ordinal);
                if (options.Order == PassageOrder.Position) Assert.True(StrategyContexts.IsSubsequence(without, text));
            }
        }
    }

    [Fact]
    public async Task PrepareAsync_NoContext_IsPassedOn()
    {
        EvaluationPrompt prompt = EvaluationPrompt.FromText("a b c");
        Assert.Same(prompt, (await PrepareAsync(new Bm25Retriever(), Pairs(1), prompt: prompt)).Prompt);
    }

    [Fact]
    public async Task PrepareAsync_BadRetriever_Throws()
    {
        Assert.Contains("passage 4", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await PrepareAsync(new FixedRetriever("bad", 4), Pairs(2)))).Message);
        Assert.Contains("twice", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await PrepareAsync(new FixedRetriever("bad", 1, 1), Pairs(2)))).Message);
    }

    [Fact]
    public void NameAndIdentity_SayWhatItDoes()
    {
        Assert.Equal("retrieval bm25 k=20 chunk=1000", new RetrievalStrategy(new Bm25Retriever()).Name);
        Assert.Equal(
            "retrieval bm25 k=5 chunk=512t+64 by rank 4096 tokens",
            new RetrievalStrategy(new Bm25Retriever(), new() { Count = 5, Order = PassageOrder.Rank, Budget = ContextBudget.OfTokens(4096), Chunking = new() { Unit = ChunkUnit.Tokens, Size = 512, Overlap = 64 } }).Name);
        RetrievalOptions[] different =
        [
            new(), new() { Count = 5 }, new() { Separator = "|" }, new() { Label = "x" }, new() { Order = PassageOrder.Rank }, new() { Budget = ContextBudget.OfTokens(5) },
            new() { Chunking = new() { Size = 5 } }, new() { Chunking = new() { KeepsSentences = false } }, new() { Chunking = new() { Overlap = 5 } }, new() { Chunking = new() { Unit = ChunkUnit.Words } },
        ];
        Assert.Equal(different.Length, different.Select(options => new RetrievalStrategy(new Bm25Retriever(), options).Identity).Distinct().Count());
        string message = Assert.Throws<ArgumentException>(() => new RetrievalStrategy(new Bm25Retriever(), new() { Count = 0, Separator = null!, Chunking = new() { Size = 0, Overlap = -1 } })).Message;
        foreach (string part in new[] { "Count is 0", "Separator is null", "Chunking.Size is 0", "Chunking.Overlap is -1" }) Assert.Contains(part, message);
    }
}
