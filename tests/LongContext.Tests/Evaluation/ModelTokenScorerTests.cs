using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tests.Generation.Chat;
using LongContext.Tests.Training;

namespace LongContext.Tests.Evaluation;

public sealed class ModelTokenScorerTests
{
    private static readonly ModelTokenScorerOptions Any = new() { AllowsBeyondContext = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static MatrixTheoryData<string, int> Cases() => new(["none", "linear", "dynamic", "yarn"], [2, 9, 33, 130]);

    [Theory, MemberData(nameof(Cases))]
    public async Task LogProbabilities_InAnyChunks_AreTheEvaluatorsLosses(string scaling, int length)
    {
        using CausalLanguageModel model = TinyModels.Create(Scaling(scaling));
        int[] tokens = TinyModels.Tokens(length, 11);
        IReadOnlyList<float> losses = new PerplexityEvaluator(model).TokenLosses(PackedBatch.Create([new TokenSequence(tokens)]));
        foreach (int chunk in new[] { 1, 4, 32, 129, 130, 2048 })
        {
            var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { AllowsBeyondContext = true, ChunkTokens = chunk });
            foreach (int start in new[] { 1, 2, 5, length / 2, length - 1 }.Where(start => start >= 1 && start < length).Distinct())
            {
                IReadOnlyList<float> found = await scorer.LogProbabilitiesAsync(tokens, start, Token);
                Assert.Equal(length - start, found.Count);
                for (int i = 0; i < found.Count; i++) Assert.Equal(-losses[start - 1 + i], found[i], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("dynamic")]
    public async Task LogProbabilities_OfContinuations_AreThoseOfEachApart(string scaling)
    {
        using CausalLanguageModel model = TinyModels.Create(Scaling(scaling));
        int[] prefix = TinyModels.Tokens(50, 3);
        int[][] continuations = [TinyModels.Tokens(1, 4), TinyModels.Tokens(17, 5), TinyModels.Tokens(4, 6)];
        foreach (int chunk in new[] { 1, 8, 49, 50, 2048 })
        {
            var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { AllowsBeyondContext = true, ChunkTokens = chunk });
            IReadOnlyList<IReadOnlyList<float>> together = await scorer.LogProbabilitiesAsync(prefix, [.. continuations.Select(part => (ReadOnlyMemory<int>)part)], Token);
            for (int i = 0; i < continuations.Length; i++)
            {
                IReadOnlyList<float> apart = await scorer.LogProbabilitiesAsync((int[])[.. prefix, .. continuations[i]], prefix.Length, Token);
                Assert.Equal(continuations[i].Length, together[i].Count);
                for (int t = 0; t < apart.Count; t++) Assert.Equal(apart[t], together[i][t], 1e-5);
            }
        }
    }

    [Fact]
    public async Task LogProbabilities_PrefixOfSeveralContinuations_IsReadOnce()
    {
        var kernel = new KernelWithEvents();
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { AttentionKernel = kernel });
        var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { ChunkTokens = 8 });
        ReadOnlyMemory<int>[] letters = [new[] { 3 }, new[] { 4 }, new[] { 5 }, new[] { 6, 7 }];
        await scorer.LogProbabilitiesAsync(TinyModels.Tokens(24, 1), letters, Token);
        Assert.Equal(2 * (3 + 1), kernel.Calls); // two layers; three chunks, and the one choice of two tokens
    }

    [Fact]
    public async Task LogProbabilities_WhatCannotBeScored_IsRefusedByName()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer);
        PromptTooLongException e = await Assert.ThrowsAsync<PromptTooLongException>(async () => await scorer.LogProbabilitiesAsync(TinyModels.Tokens(33, 1), 1, Token));
        Assert.Contains("33 tokens", e.Message, StringComparison.Ordinal);
        Assert.Contains("32", e.Message, StringComparison.Ordinal);
        Assert.Equal(32, (await scorer.LogProbabilitiesAsync(TinyModels.Tokens(32, 1), 1, Token)).Count + 1);
        await Assert.ThrowsAsync<PromptTooLongException>(async () => await scorer.LogProbabilitiesAsync(TinyModels.Tokens(30, 1), [new[] { 3 }, new[] { 3, 4, 5 }], Token));

        await Assert.ThrowsAsync<ArgumentException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3 }, 1, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3, 4 }, 0, Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3, 4 }, 2, Token));
        ArgumentException outside = await Assert.ThrowsAsync<ArgumentException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3, 48 }, 1, Token));
        Assert.Contains("Token 1 is 48", outside.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await scorer.LogProbabilitiesAsync(Array.Empty<int>(), [new[] { 3 }], Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3 }, [], Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3 }, [ReadOnlyMemory<int>.Empty], Token));

        ArgumentException all = Assert.Throws<ArgumentException>(() => new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { ContextLength = 1, ChunkTokens = 0 }));
        Assert.Contains("ContextLength", all.Message, StringComparison.Ordinal);
        Assert.Contains("ChunkTokens", all.Message, StringComparison.Ordinal);

        TinyModels.SetValue(model.Parameters["model.norm.weight"], 0, double.NaN);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await scorer.LogProbabilitiesAsync(new[] { 3, 4 }, 1, Token));
    }

    [Fact]
    public async Task LogProbabilities_Cancelled_EndsBeforeTheNextChunk()
    {
        using var cancellation = new CancellationTokenSource();
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == 3) cancellation.Cancel(); } };
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { AttentionKernel = kernel });
        var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer, new ModelTokenScorerOptions { ChunkTokens = 2 });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await scorer.LogProbabilitiesAsync(TinyModels.Tokens(20, 1), 1, cancellation.Token));
        Assert.Equal(4, kernel.Calls);
        Assert.Single(await scorer.LogProbabilitiesAsync(new[] { 3, 4 }, 1, Token));
    }

    [Fact]
    public void SpecialTokens_OfTheScorer_AreTheTokenizersElseTheConfigs()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var scorer = new ModelTokenScorer(model, ChatModels.Tokenizer, Any);
        Assert.Equal((256, 256), (scorer.BeginningOfSentenceTokenId, scorer.PrefixTokenId));
        Assert.Null(scorer.ContextLength);
        // One whose file puts nothing before a text, as Qwen2's.
        LongContext.Tokenization.HuggingFaceTokenizer words = LongContext.Tokenization.HuggingFaceTokenizer.CreateWordLevel(["<unk>", "a"], "<unk>", null, null);
        scorer = new ModelTokenScorer(model, words);
        Assert.Equal((null, 1), (scorer.BeginningOfSentenceTokenId, scorer.PrefixTokenId));
        Assert.Equal(ChatModels.Window, scorer.ContextLength);
    }

    private static RopeScaling Scaling(string name) => name switch
    {
        "linear" => RopeScaling.Linear(4),
        "dynamic" => RopeScaling.DynamicNtk(4),
        "yarn" => RopeScaling.Yarn(4),
        _ => RopeScaling.None,
    };
}
