using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tests.Generation.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>The engine over whole models.</summary>
public sealed class EngineModelTests
{
    public static TheoryData<RopeScaling> Scalings => [RopeScaling.None, RopeScaling.Yarn(4), RopeScaling.DynamicNtk(4)];

    [Theory, MemberData(nameof(Scalings))]
    public async Task GenerateAsync_ManyAtOnce_GivesTheGeneratorsTokens(RopeScaling scaling)
    {
        using CausalLanguageModel model = TinyModels.Create(scaling, dataType: TorchSharp.torch.ScalarType.Float32);
        var generator = new TextGenerator(model);
        GenerationRequest[] requests = [.. Enumerable.Range(0, 10).Select(i => new GenerationRequest
        {
            Prompt = TinyModels.Tokens(5 + (7 * i), i % 4),
            Options = new GenerationOptions { MaximumNewTokens = 20, Temperature = i % 2, Seed = i, Speculation = i % 3 == 0 ? new SpeculationOptions() : null },
        })];
        int[][] expected = [.. requests.Select(request => generator.Generate(request.Prompt.Span, request.Options))];
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 400, StepTokens = 32, MaximumSequences = 4, Threads = 1, AllowsBeyondContext = true });
        for (int round = 0; round < 2; round++)
        {
            GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, TestContext.Current.CancellationToken)));
            for (int i = 0; i < requests.Length; i++) Assert.Equal(expected[i], results[i].Tokens);
        }
    }

    [Fact]
    public async Task StreamAsync_ModelChanged_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 200, Threads = 1 });
        var request = new GenerationRequest { Prompt = new[] { 3, 4 }, Options = new GenerationOptions { MaximumNewTokens = 2, LogProbabilities = 2, StopTokenIds = [] } };
        GenerationResult result = await engine.GenerateAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(result.Tokens, result.Details!.Select(token => token.Id));
        Assert.All(result.Details!, token => Assert.True(token.LogProbability < 0 && token.Alternatives!.Count == 2 && token.Alternatives[0].LogProbability >= token.LogProbability));
        model.SetRopeScaling(RopeScaling.Yarn(4));
        Assert.Contains("positions changed", Assert.Throws<InvalidOperationException>(() => engine.StreamAsync(request)).Message, StringComparison.Ordinal);
    }

    /// <summary>Who runs and who waits is told, and nobody gets tokens of two models.</summary>
    [Fact]
    public async Task StreamAsync_ModelChangedMeanwhile_EndsWhatRunsAndWaits()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 200, Threads = 1, MaximumSequences = 1 });
        var request = new GenerationRequest { Prompt = new[] { 3, 4 }, Options = new GenerationOptions { MaximumNewTokens = 190, StopTokenIds = [] } };
        Task<GenerationResult> running, waiting;
        // No step goes on before the change.
        using (await ModelGate.Of(model).EnterAsync(TestContext.Current.CancellationToken))
        {
            (running, waiting) = (engine.GenerateAsync(request, TestContext.Current.CancellationToken), engine.GenerateAsync(request, TestContext.Current.CancellationToken));
            while (engine.Statistics.RunningRequests == 0) await Task.Delay(1, TestContext.Current.CancellationToken);
            model.SetRopeScaling(RopeScaling.Yarn(4));
        }

        foreach (Task<GenerationResult> task in new[] { running, waiting }) Assert.Contains("positions changed", (await Assert.ThrowsAsync<InvalidOperationException>(() => task)).Message, StringComparison.Ordinal);
        Assert.Equal(0, engine.Statistics.GeneratedTokens);
        Assert.Equal(0, engine.Statistics.UsedCacheBytes);
    }

    [Fact]
    public async Task ChatClient_OverAnEngine_AnswersManyAtOnceAsTheOtherDoesOneByOne()
    {
        using CausalLanguageModel model = ChatModels.Model(options: new ModelLoadOptions { DataType = TorchSharp.torch.ScalarType.Float32 });
        using var plain = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 1_000, Threads = 1, MaximumSequences = 4, StepTokens = 64 });
        using var client = new LongContextChatClient(engine, ChatModels.Tokenizer, ChatModels.Format);
        var options = new ChatOptions { MaxOutputTokens = 12 };
        string[] questions = [.. Enumerable.Range(0, 6).Select(i => $"What is {i}?")];
        List<string> expected = [];
        foreach (string question in questions) expected.Add((await plain.GetResponseAsync(question, options, TestContext.Current.CancellationToken)).Text);
        ChatResponse[] answers = await Task.WhenAll(questions.Select(question => client.GetResponseAsync(question, options, TestContext.Current.CancellationToken)));
        Assert.Equal(expected, answers.Select(answer => answer.Text));
        Assert.Equal((1, 4), (plain.ToEvaluationModel().RequestsAtOnce, client.ToEvaluationModel().RequestsAtOnce));
        Assert.Throws<ArgumentException>("options", () => new LongContextChatClient(engine, ChatModels.Tokenizer, ChatModels.Format, new LongContextChatClientOptions { OwnsModel = true }));
    }

    [Fact]
    public void Constructor_BadOptions_ThrowsBeforeAnythingIsMade()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        Assert.Throws<ArgumentException>(() => new GenerationEngine(model, new GenerationEngineOptions { MaximumSequences = 0 }));
        Assert.Throws<ArgumentNullException>(() => new GenerationEngine(null!));
    }
}
