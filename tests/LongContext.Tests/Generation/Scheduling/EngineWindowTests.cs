using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>What an engine does where a request would be longer than the model's window.</summary>
public sealed class EngineWindowTests
{
    private const int Window = TinyModels.TrainedWindow;

    private static readonly GenerationEngineOptions Small = new() { CacheTokens = 600, StepTokens = 64, MaximumSequences = 2, Threads = 1 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Window, 1)]
    [InlineData(Window + 1, 0)]
    [InlineData(200, 8)]
    public async Task StreamAsync_APromptBeyondTheWindow_IsRefusedUnlessAllowed(int prompt, int answer)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, Small);
        GenerationRequest request = Request(prompt, answer);
        PromptTooLongException e = Assert.Throws<PromptTooLongException>(() => engine.StreamAsync(request));
        Assert.Equal((prompt, answer == 0 ? Window : Window - 1), (e.Tokens!.Value, e.MaximumTokens!.Value));
        Assert.All([$"{prompt} tokens", $"{Window}", "Truncation", "ExtendTo", "AllowsBeyondContext"], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.Contains($"up to {Window} tokens", engine.MemoryPlan.ToString(), StringComparison.Ordinal);
        await using var free = new GenerationEngine(model, Small with { AllowsBeyondContext = true });
        Assert.Equal(answer, (await free.GenerateAsync(request, Token)).Tokens.Count);
        Assert.DoesNotContain($"up to {Window} tokens", free.MemoryPlan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GenerateAsync_AnAnswerBeyondTheWindow_EndsWithIt()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, Small);
        GenerationRequest request = Request(Window - 5, 20);
        GenerationResult result = await engine.GenerateAsync(request with { Options = request.Options with { MinimumNewTokens = 10 } }, Token);
        Assert.Equal((5, GenerationFinishReason.Length), (result.Tokens.Count, result.FinishReason));
        Assert.Equal(new TextGenerator(model).Generate(request.Prompt.Span, request.Options with { MaximumNewTokens = 5 }, Token), result.Tokens);
        // What is cut first fits.
        Assert.Equal(3, (await engine.GenerateAsync(Request(200, 3) with { Truncation = new Tokenization.TokenTruncation { MaximumTokens = 29 } }, Token)).Tokens.Count);
    }

    [Fact]
    public async Task GenerateAsync_WithWhatReachesFurther_GoesAsFarAsThat()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.Float32);
        await using var engine = new GenerationEngine(model, Small);
        var remapping = new SelfExtend(groupSize: 4, neighborWindow: 8);
        int most = remapping.MaximumLength(Window);
        Assert.InRange(most, Window + 1, 400);
        Assert.Equal(2, (await engine.GenerateAsync(Request(most - 2, 9) with { PositionRemapping = remapping }, Token)).Tokens.Count);
        PromptTooLongException e = Assert.Throws<PromptTooLongException>(() => engine.StreamAsync(Request(most, 1) with { PositionRemapping = remapping }));
        Assert.Contains($"has {most}", e.Message, StringComparison.Ordinal);
        Assert.Equal(4, (await engine.GenerateAsync(Request(100, 4) with { PositionRemapping = new DualChunkAttention(chunkSize: 24, localSize: 8) }, Token)).Tokens.Count);
        // Sinks and window within the model's; wider ones are held to it.
        Assert.Equal(4, (await engine.GenerateAsync(Request(100, 4) with { Dropping = new AttentionSinks { Sinks = 4, Window = Window - 4 } }, Token)).Tokens.Count);
        Assert.Throws<PromptTooLongException>(() => engine.StreamAsync(Request(100, 4) with { Dropping = new AttentionSinks { Sinks = 4, Window = Window } }));

        using CausalLanguageModel dynamic = TinyModels.Create(RopeScaling.DynamicNtk(2), TorchSharp.torch.ScalarType.Float32);
        await using var following = new GenerationEngine(dynamic, Small);
        Assert.Equal(4, (await following.GenerateAsync(Request(100, 4), Token)).Tokens.Count);
    }

    private static GenerationRequest Request(int prompt, int answer) => new()
    {
        Prompt = TinyModels.Tokens(prompt, 3), Options = new GenerationOptions { MaximumNewTokens = answer, StopTokenIds = [], PromptLogProbabilities = answer == 0 ? 0 : null },
    };
}
