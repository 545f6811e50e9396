using System.Text.Json;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

public sealed class ChatJsonTests
{
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer","minimum":0,"maximum":150},"kind":{"enum":["cat","dog"]}},"required":["name","age","kind"],"additionalProperties":false}
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Response_WithASchema_SatisfiesItWhateverTheModelPrefers()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var client = new LongContextChatClient(model, ChatModels.Tokenizer, ChatModels.Format);
        using JsonDocument schema = JsonDocument.Parse(Schema);
        for (int seed = 0; seed < 8; seed++)
        {
            var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement), Temperature = seed == 0 ? 0 : 1, Seed = seed };
            ChatResponse response = await client.GetResponseAsync("An animal, please.", options, Token);
            using JsonDocument answer = JsonDocument.Parse(response.Text);
            Assert.Equal(["name", "age", "kind"], answer.RootElement.EnumerateObject().Select(property => property.Name));
            Assert.InRange(answer.RootElement.GetProperty("age").GetInt32(), 0, 150);
            Assert.Contains(answer.RootElement.GetProperty("kind").GetString(), (string[])["cat", "dog"]);
            Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        }
    }

    [Fact]
    public async Task Request_ResponseFormat_BecomesAGrammar()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes("{}"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator);
        await client.GetResponseAsync("x", new ChatOptions { ResponseFormat = ChatResponseFormat.Json }, Token);
        await client.GetResponseAsync("x", new ChatOptions { ResponseFormat = ChatResponseFormat.Text }, Token);
        JsonGrammar grammar = Assert.IsType<JsonGrammar>(generator.Asked[0].Options.Grammar);
        Assert.True(grammar.IsMatch("""{"a": [1, null]}"""));
        Assert.False(grammar.IsMatch("1"));
        Assert.Null(generator.Asked[1].Options.Grammar);
        using JsonDocument bad = JsonDocument.Parse("""{"type":"array","uniqueItems":true}""");
        NotSupportedException e = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("x", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(bad.RootElement) }, Token));
        Assert.Contains("uniqueItems", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, null, true)]
    [InlineData(null, null, true, false)]
    [InlineData(null, "limited", true, true)]
    [InlineData(null, "none", null, false)]
    [InlineData(JsonWhitespace.None, null, null, false)]
    [InlineData(JsonWhitespace.Limited, null, true, true)]
    [InlineData(JsonWhitespace.None, "limited", null, true)]
    public async Task Whitespace_OfTheRequestTheClientOrAStrictSchema_CountsInThatOrder(JsonWhitespace? ofClient, string? asked, bool? strict, bool hasBlanks)
    {
        using CausalLanguageModel model = ChatModels.Model();
        foreach (string key in new[] { "strict", ChatOptionKeys.StrictSchema })
        {
            var generator = new ScriptedGenerator(ChatModels.Bytes("{}"));
            using LongContextChatClient client = ChatModels.Scripted(model, generator, options: new LongContextChatClientOptions { JsonWhitespace = ofClient });
            var options = new ChatOptions { ResponseFormat = ChatResponseFormat.Json, AdditionalProperties = [] };
            if (asked is not null) options.AdditionalProperties[ChatOptionKeys.JsonWhitespace] = asked;
            if (strict is not null) options.AdditionalProperties[key] = strict;
            await client.GetResponseAsync("x", options, Token);
            Assert.True(generator.Asked[0].Options.Grammar!.IsMatch("{\"a\":1}"));
            Assert.Equal(hasBlanks, generator.Asked[0].Options.Grammar!.IsMatch("{\"a\": 1}"));
            options.AdditionalProperties[ChatOptionKeys.JsonWhitespace] = "many";
            Assert.Contains("limited or none", (await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync("x", options, Token))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Generate_WithAGrammar_EndsWhereTheTextIsComplete()
    {
        using CausalLanguageModel model = ChatModels.Model();
        JsonGrammar grammar = JsonGrammar.FromSchema("""{"const":"done"}""", ChatModels.Tokenizer);
        int[] made = new TextGenerator(model).Generate(ChatModels.Bytes("x"), new GenerationOptions { Grammar = grammar, StopTokenIds = [], MinimumNewTokens = 50 });
        Assert.Equal(ChatModels.Bytes("\"done\""), made);
    }
}
