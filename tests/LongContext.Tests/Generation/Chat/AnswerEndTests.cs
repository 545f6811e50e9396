using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.AI;
using TorchSharp;

namespace LongContext.Tests.Generation.Chat;

/// <summary>How answers end, and what is said of it to whom.</summary>
public sealed class AnswerEndTests : IDisposable
{
    private const string Call = "<tool_call>\n{\"name\": \"get\", \"arguments\": {}}\n</tool_call>";

    private readonly CausalLanguageModel model = ChatModels.Model(window: 4096);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => model.Dispose();

    /// <summary>Who stops reading at a stop string or behind a call has a whole answer; who does so elsewhere has given it up.</summary>
    [Theory]
    [InlineData("some text STOP and more", true)]
    [InlineData(Call + " and more", true)]
    [InlineData("some text", false)]
    public async Task Response_ThatItsTextEnds_IsSaidToBeWhole(string written, bool isEnough)
    {
        var generator = new ScriptedGenerator(ChatModels.Bytes(written));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: new ToolFormat(ToolCallSyntax.Hermes));
        var options = new ChatOptions { StopSequences = ["STOP"], AllowMultipleToolCalls = false, Tools = [AIFunctionFactory.CreateDeclaration("get", "Gets.", JsonObjectSchema)] };
        await client.GetResponseAsync("x", options, Token);
        Assert.Equal((isEnough, true), (generator.Usage.IsEnough, generator.Closed));
        generator = new ScriptedGenerator(ChatModels.Bytes(written));
        using LongContextChatClient other = ChatModels.Scripted(model, generator, format: new ToolFormat(ToolCallSyntax.Hermes));
        await foreach (ChatResponseUpdate _ in other.GetStreamingResponseAsync("x", options, Token)) break;
        Assert.Equal((written.StartsWith('<'), true), (generator.Usage.IsEnough, generator.Closed));
    }

    [Theory]
    [InlineData(GenerationFinishReason.Stop, "stop")]
    [InlineData(GenerationFinishReason.Length, "length")]
    [InlineData(null, "length")]
    public async Task Response_OfAsManyTokensAsThereMayBe_EndedAsItsMakerSays(GenerationFinishReason? reason, string expected)
    {
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(ChatModels.Bytes("abc")) { FinishReason = reason });
        Assert.Equal(expected, (await client.GetResponseAsync("x", new ChatOptions { MaxOutputTokens = 3 }, Token)).FinishReason?.Value);
    }

    /// <summary>A grammar that is at its end with the last token that there may be: nothing was cut.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Response_CompleteWithItsLastToken_IsNotCut(bool hasEngine)
    {
        using CausalLanguageModel own = ChatModels.Model(options: new ModelLoadOptions { DataType = torch.ScalarType.Float32 });
        using GenerationEngine? engine = hasEngine ? new GenerationEngine(own, new GenerationEngineOptions { CacheTokens = 600, StepTokens = 64, MaximumSequences = 4, Threads = 1 }) : null;
        using LongContextChatClient client = engine is null ? new(own, ChatModels.Tokenizer) : new(engine, ChatModels.Tokenizer);
        var choices = new ChatOptions { MaxOutputTokens = 4, AdditionalProperties = new() { [ChatOptionKeys.Choices] = new[] { "#%#%", "%#%#" } } };
        ChatResponse whole = await client.GetResponseAsync("x", choices, Token);
        Assert.Equal((4, ChatFinishReason.Stop), (whole.Text.Length, whole.FinishReason));
        choices.MaxOutputTokens = 3;
        Assert.Equal(ChatFinishReason.Length, (await client.GetResponseAsync("x", choices, Token)).FinishReason);
    }

    private static System.Text.Json.JsonElement JsonObjectSchema { get; } = System.Text.Json.JsonDocument.Parse("""{"type":"object"}""").RootElement;
}
