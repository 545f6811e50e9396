using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using TorchSharp;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Chat clients with an engine of their own.</summary>
public sealed class ChatEngineTests
{
    private static readonly GenerationEngineOptions Small = new() { CacheTokens = 600, StepTokens = 64, MaximumSequences = 4, Threads = 1 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Load_ByDefault_HasAnEngineThatEndsWithTheClient()
    {
        using TemporaryFolder folder = Folder();
        LongContextChatClient client = LongContextChatClient.Load(folder.Path);
        GenerationEngine engine = client.GetService<GenerationEngine>()!;
        CausalLanguageModel model = client.GetService<CausalLanguageModel>()!;
        Assert.Equal(64, client.ToEvaluationModel().RequestsAtOnce);
        ChatResponse[] answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => client.GetResponseAsync($"Question {i}", new ChatOptions { MaxOutputTokens = 9 }, Token)));
        Assert.All(answers, answer => Assert.Equal(0, answer.Usage!.CachedInputTokenCount));
        Assert.Equal(5, engine.Statistics.CompletedRequests);
        // Turns with the engine's steps.
        Task<ChatResponse> running = client.GetResponseAsync("Question", new ChatOptions { MaxOutputTokens = 200 }, Token);
        Assert.Equal(2, (await client.Scorer.LogProbabilitiesAsync(new[] { 3, 4, 5 }, 1, Token)).Count);
        await running;
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => engine.StreamAsync(new GenerationRequest { Prompt = new[] { 3 } }));
        Assert.Throws<ObjectDisposedException>(() => new TextGenerator(model).Generate([3]));
    }

    [Fact]
    public async Task Load_WithAndWithoutAnEngine_GivesTheSameTextAndLogProbabilities()
    {
        using TemporaryFolder folder = Folder();
        using LongContextChatClient many = Load(folder, new LongContextChatClientOptions { Engine = Small }), one = Load(folder, new LongContextChatClientOptions { Engine = null });
        Assert.Null(one.GetService<GenerationEngine>());
        Assert.Equal((4, 1), (many.ToEvaluationModel().RequestsAtOnce, one.ToEvaluationModel().RequestsAtOnce));
        Assert.Equal(one.ToEvaluationModel().Identity, many.ToEvaluationModel().Identity);
        using LongContextChatClient coarse = Load(folder, new LongContextChatClientOptions { Engine = Small with { CacheFormat = KeyValueCacheFormat.Int8 } });
        Assert.NotEqual(one.ToEvaluationModel().Identity, coarse.ToEvaluationModel().Identity);
        var options = new ChatOptions { MaxOutputTokens = 30, Temperature = 1, Seed = 3, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true, [ChatOptionKeys.TopLogProbabilities] = 2 } };
        ChatResponse expected = await one.GetResponseAsync("Once upon a time", options, Token), found = await many.GetResponseAsync("Once upon a time", options, Token);
        Assert.Equal(expected.Text, found.Text);
        Assert.Equal((null, 0L), (expected.Usage!.CachedInputTokenCount, found.Usage!.CachedInputTokenCount));
        IReadOnlyList<ChatLogProbability> these = expected.GetLogProbabilities()!, those = found.GetLogProbabilities()!;
        Assert.Equal(expected.Usage.OutputTokenCount, these.Count);
        Assert.Equal(these.Select(token => (token.TokenId, token.Token, token.TextOffset)), those.Select(token => (token.TokenId, token.Token, token.TextOffset)));
        Assert.All(these.Zip(those), pair => Assert.Equal(pair.First.LogProbability, pair.Second.LogProbability, 1e-3f));
        Assert.All(these.Zip(those), pair => Assert.Equal(pair.First.Alternatives.Select(other => other.TokenId), pair.Second.Alternatives.Select(other => other.TokenId)));
    }

    [Fact]
    public async Task Load_OptionThatNoEngineHas_AnswersOneAtATime()
    {
        using TemporaryFolder folder = Folder(RopeScaling.DynamicNtk(4), window: 64);
        using LongContextChatClient client = Load(folder, new LongContextChatClientOptions { Generation = new GenerationOptions { RerotateCachedKeys = true } });
        Assert.Null(client.GetService<GenerationEngine>());
        Assert.Equal(1, client.ToEvaluationModel().RequestsAtOnce);
        string text = new('x', 60);
        ChatResponse response = await client.GetResponseAsync(text, new ChatOptions { MaxOutputTokens = 20, Temperature = 0 }, Token);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path);
        int[] prompt = [ChatModels.Tokenizer.BeginningOfSentenceId!.Value, .. ChatModels.Bytes(text)];
        int[] made = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = 20, RerotateCachedKeys = true });
        Assert.Equal(made.Length, response.Usage!.OutputTokenCount);
        // A model that it does not matter to has its engine all the same.
        using TemporaryFolder plain = Folder();
        using LongContextChatClient other = Load(plain, new LongContextChatClientOptions { Engine = Small, Generation = new GenerationOptions { RerotateCachedKeys = true, DropsContextAtOriginalWindow = true } });
        Assert.NotNull(other.GetService<GenerationEngine>());
        Assert.Equal(3, (await other.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 3, AdditionalProperties = new() { [ChatOptionKeys.IgnoreEndOfSentence] = true } }, Token)).Usage!.OutputTokenCount);
    }

    [Fact]
    public void Load_EngineOptionThatCannotBe_IsNamed()
    {
        using TemporaryFolder folder = Folder();
        ArgumentException e = Assert.Throws<ArgumentException>(() => Load(folder, new LongContextChatClientOptions { ContextLength = 1, Engine = new GenerationEngineOptions { StepTokens = 1 } }));
        Assert.All(["ContextLength", "Engine", "StepTokens"], name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Engine_OwnedByTheClient_EndsBeforeItsModel()
    {
        CausalLanguageModel model = ChatModels.Model(options: new ModelLoadOptions { DataType = torch.ScalarType.Float32 });
        var engine = new GenerationEngine(model, Small);
        var client = new LongContextChatClient(engine, ChatModels.Tokenizer, null, new LongContextChatClientOptions
        {
            OwnsEngine = true, OwnsModel = true, AllowsBeyondContext = true, Generation = new GenerationOptions { StopTokenIds = [], MaximumNewTokens = 500 },
        });
        IAsyncEnumerator<ChatResponseUpdate> stream = client.GetStreamingResponseAsync("once", null, Token).GetAsyncEnumerator(Token);
        await stream.MoveNextAsync();
        client.Dispose();
        Exception? e = null;
        while (e is null) e = await Record.ExceptionAsync(async () => await stream.MoveNextAsync());
        Assert.IsType<ObjectDisposedException>(e);
        await stream.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => engine.StreamAsync(new GenerationRequest { Prompt = new[] { 3 } }));
        Assert.Throws<ObjectDisposedException>(() => new TextGenerator(model).Generate([3]));

        using CausalLanguageModel kept = ChatModels.Model(options: new ModelLoadOptions { DataType = torch.ScalarType.Float32 });
        var second = new GenerationEngine(kept, Small);
        new LongContextChatClient(second, ChatModels.Tokenizer, null, new LongContextChatClientOptions { OwnsEngine = true }).Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.StreamAsync(new GenerationRequest { Prompt = new[] { 3 } }));
        Assert.NotEmpty(new TextGenerator(kept).Generate([3], new GenerationOptions { MaximumNewTokens = 1, StopTokenIds = [] }));
        Assert.Throws<ArgumentException>("options", () => new LongContextChatClient(kept, ChatModels.Tokenizer, null, new LongContextChatClientOptions { OwnsEngine = true }));
    }

    [Fact]
    public async Task Response_LongerThanTheMemory_IsCutWhereNobodyAskedForItsLength()
    {
        using TemporaryFolder folder = Folder();
        using LongContextChatClient client = Load(folder, new LongContextChatClientOptions { Engine = Small with { CacheTokens = 128 } });
        var options = new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.IgnoreEndOfSentence] = true } };
        int fits = client.GetService<GenerationEngine>()!.MaximumSequenceTokens;
        ChatResponse response = await client.GetResponseAsync(new string('x', 60), options, Token);
        Assert.Equal((ChatFinishReason.Length, fits), (response.FinishReason, response.Usage!.TotalTokenCount));
        options.MaxOutputTokens = 300;
        CacheCapacityException e = await Assert.ThrowsAsync<CacheCapacityException>(() => client.GetResponseAsync(new string('x', 60), options, Token));
        Assert.Equal((361, fits), (e.RequiredTokens, e.MaximumTokens));
        await Assert.ThrowsAsync<CacheCapacityException>(() => client.GetResponseAsync(new string('x', 400), null, Token));
        Assert.Equal(0, client.GetService<GenerationEngine>()!.Statistics.UsedCacheBytes);
    }

    [Fact]
    public async Task Remapping_OfARequest_ReachesTheEngine()
    {
        using TemporaryFolder folder = Folder(window: 128);
        using LongContextChatClient client = Load(folder, new LongContextChatClientOptions { Engine = Small }), alone = Load(folder, new LongContextChatClientOptions { Engine = null });
        var remapped = new ChatOptions { MaxOutputTokens = 12, AdditionalProperties = new() { [ChatOptionKeys.PositionRemapping] = new SelfExtend(4, 16), [ChatOptionKeys.IgnoreEndOfSentence] = true } };
        string prompt = string.Concat(Enumerable.Range(0, 20).Select(i => $"{i} "));
        string found = (await client.GetResponseAsync(prompt, remapped, Token)).Text;
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DataType = torch.ScalarType.Float32 });
        model.PositionRemapping = new SelfExtend(4, 16);
        using var expected = new LongContextChatClient(model, ChatModels.Tokenizer);
        remapped.AdditionalProperties!.Remove(ChatOptionKeys.PositionRemapping);
        Assert.Equal((await expected.GetResponseAsync(prompt, remapped, Token)).Text, found);
        Assert.NotEqual((await client.GetResponseAsync(prompt, remapped, Token)).Text, found);
        remapped.AdditionalProperties[ChatOptionKeys.PositionRemapping] = new SelfExtend(4, 16);
        await Assert.ThrowsAsync<NotSupportedException>(() => alone.GetResponseAsync(prompt, remapped, Token));

        // Beyond the model's window, which is what it is for, up to what the remapping holds.
        string beyond = new('x', 150);
        found = (await client.GetResponseAsync(beyond, remapped, Token)).Text;
        remapped.AdditionalProperties.Remove(ChatOptionKeys.PositionRemapping);
        Assert.Equal((await expected.GetResponseAsync(beyond, remapped, Token)).Text, found);
        await Assert.ThrowsAsync<PromptTooLongException>(() => client.GetResponseAsync(beyond, remapped, Token));
        await Assert.ThrowsAsync<PromptTooLongException>(() => expected.GetResponseAsync(new string('x', new SelfExtend(4, 16).MaximumLength(128)), remapped, Token));
    }

    [Fact]
    public async Task LongPrompts_TruncatedOrDroppedByARequest_AreAsTheEngineHasThem()
    {
        using TemporaryFolder folder = Folder(window: 128);
        using LongContextChatClient client = Load(folder, new LongContextChatClientOptions { Engine = Small }), alone = Load(folder, new LongContextChatClientOptions { Engine = null });
        string prompt = string.Concat(Enumerable.Range(0, 80).Select(i => $"{i} "));
        await Assert.ThrowsAsync<PromptTooLongException>(() => client.GetResponseAsync(prompt, Asked(), Token));

        var truncation = new TokenTruncation { MaximumTokens = 60, StartShare = 0.25 };
        ChatResponse cut = await client.GetResponseAsync(prompt, Asked((ChatOptionKeys.TokenTruncation, truncation)), Token);
        Assert.Equal(60, cut.Usage!.InputTokenCount);
        Assert.Equal(cut.Text, (await alone.GetResponseAsync(prompt, Asked((ChatOptionKeys.TokenTruncation, truncation)), Token)).Text);
        // The first of the 15 is the token that texts begin with; each byte is one.
        Assert.Equal(cut.Text, (await client.GetResponseAsync(prompt[..14] + prompt[^45..], Asked(), Token)).Text);

        string text = prompt[..100], whole = (await client.GetResponseAsync(text, Asked(), Token)).Text;
        var dropping = new AttentionSinks { Window = 20 };
        string dropped = (await client.GetResponseAsync(text, Asked((ChatOptionKeys.TokenDropping, dropping)), Token)).Text;
        Assert.NotEqual(whole, dropped);
        GenerationResult result = await client.GetService<GenerationEngine>()!.GenerateAsync(
            new GenerationRequest { Prompt = ModelText.Encode(ChatModels.Tokenizer, client.GetService<CausalLanguageModel>()!.Config, text), Dropping = dropping, Options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] } }, Token);
        Assert.Equal(ChatModels.Tokenizer.Decode(result.Tokens), dropped);
        await Assert.ThrowsAsync<NotSupportedException>(() => alone.GetResponseAsync(text, Asked((ChatOptionKeys.TokenDropping, dropping)), Token));

        static ChatOptions Asked(params (string Key, object Value)[] more) => new()
        {
            MaxOutputTokens = 12,
            AdditionalProperties = new(more.Append((ChatOptionKeys.IgnoreEndOfSentence, true)).ToDictionary(each => each.Item1, each => (object?)each.Item2)),
        };
    }

    private static TemporaryFolder Folder(RopeScaling? scaling = null, int window = ChatModels.Window)
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel model = ChatModels.Model(scaling, new ModelLoadOptions { DataType = torch.ScalarType.Float32 }, window: window)) model.Save(folder.Path);
        ChatModels.Write(folder.Path);
        return folder;
    }

    private static LongContextChatClient Load(TemporaryFolder folder, LongContextChatClientOptions options) => LongContextChatClient.Load(folder.Path, options);
}
