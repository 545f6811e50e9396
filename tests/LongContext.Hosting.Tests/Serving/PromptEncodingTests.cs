using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>A request's texts are encoded once, however often they are looked at on their way.</summary>
public sealed class PromptEncodingTests : IClassFixture<EngineServerTests.Folder>
{
    /// <summary>Tokens that the engine holds of a request; more bytes than these may be too many tokens, and must be encoded to know.</summary>
    private const int Most = 256;

    private readonly ByteModel model;

    public PromptEncodingTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("[\"ONE\",\"TWO\"]", 1)]
    [InlineData("[\"ONE\",\"TWO\"]", 3)]
    [InlineData("\"ONE\"", 2)]
    [InlineData("\"ONE\"", 1)]
    public async Task Completion_OfLongTexts_EncodesEachOnce(string prompts, int answers)
    {
        using CausalLanguageModel loaded = CausalLanguageModel.Load(model.Folder);
        await using var engine = new GenerationEngine(loaded, ByteModel.Engine with { CacheTokens = Most });
        var tokenizer = new CountingTokenizer(new Halves(HuggingFaceTokenizer.Load(model.Folder)));
        await using TestServer server = await TestServer.StartAsync(
            new LongContextChatClient(engine, tokenizer, options: new LongContextChatClientOptions { ModelId = TestServer.ModelId }), limits => limits.MaximumPromptTokens = Most);
        await server.Model.LoadAsync(Token);
        string one = new('a', Most + 100), two = new('b', Most + 80);
        foreach (string more in new[] { "", ",\"stream\":true" })
        {
            string body = $$"""{"prompt":{{prompts.Replace("ONE", one + more.Length, StringComparison.Ordinal).Replace("TWO", two + more.Length, StringComparison.Ordinal)}},"max_tokens":2,"n":{{answers}}{{more}}}""";
            using HttpResponseMessage response = await server.Http.PostAsync("/v1/completions", TestServer.Json(body), Token);
            string text = await response.Content.ReadAsStringAsync(Token);
            Assert.True(response.IsSuccessStatusCode && !text.Contains("\"error\"", StringComparison.Ordinal), text);
            Assert.Equal((1, prompts.Contains("TWO", StringComparison.Ordinal) ? 1 : 0), (tokenizer.Of(one + more.Length), tokenizer.Of(two + more.Length)));
            // What a request has kept goes with it.
            using HttpResponseMessage again = await server.Http.PostAsync("/v1/completions", TestServer.Json(body), Token);
            Assert.Equal(2, tokenizer.Of(one + more.Length));
        }
    }

    [Fact]
    public async Task GetResponseAsync_OfALongText_EncodesItOnce()
    {
        using CausalLanguageModel loaded = CausalLanguageModel.Load(model.Folder);
        await using var engine = new GenerationEngine(loaded, ByteModel.Engine with { CacheTokens = Most });
        var tokenizer = new CountingTokenizer(new Halves(HuggingFaceTokenizer.Load(model.Folder)));
        await using TestServer server = await TestServer.StartAsync(new LongContextChatClient(engine, tokenizer));
        await server.Model.LoadAsync(Token);
        var hosted = (IChatClient)server.Services.GetService(typeof(IChatClient))!;
        string one = new('a', Most + 100), two = new('b', Most + 80);
        await hosted.GetResponseAsync(one, new ChatOptions { MaxOutputTokens = 2 }, Token);
        await foreach (ChatResponseUpdate _ in hosted.GetStreamingResponseAsync(two, new ChatOptions { MaxOutputTokens = 2 }, Token))
        {
        }

        Assert.Equal((1, 1), (tokenizer.Of(one), tokenizer.Of(two)));
    }

    /// <summary>Every second token of a byte tokenizer's, so that a text has fewer tokens than bytes.</summary>
    private sealed class Halves(Microsoft.ML.Tokenizers.Tokenizer inner) : Microsoft.ML.Tokenizers.Tokenizer
    {
        public override System.Buffers.OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => inner.Decode(ids, destination, out idsConsumed, out charsWritten);

        protected override Microsoft.ML.Tokenizers.EncodeResults<Microsoft.ML.Tokenizers.EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, Microsoft.ML.Tokenizers.EncodeSettings settings)
        {
            string whole = text ?? textSpan.ToString();
            return new() { Tokens = [.. inner.EncodeToTokens(whole, out _).Where((_, i) => i % 2 == 0)], CharsConsumed = whole.Length };
        }
    }
}
