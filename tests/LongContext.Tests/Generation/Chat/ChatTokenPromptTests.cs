using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Prompts that are given as tokens in place of messages.</summary>
public sealed class ChatTokenPromptTests
{
    private static readonly int[] Ids = [.. ChatModels.Bytes("hello")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetResponseAsync_Tokens_GoToTheModelAsTheyAre(bool hasFormat)
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes(" you"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: hasFormat ? ChatModels.Format : null);
        Assert.Equal(" you", (await client.GetResponseAsync([], Options(Ids), Token)).Text);
        ChatResponse response = await client.GetResponseAsync("", Options((List<int>)[.. Ids]), Token);
        Assert.Equal((5L, 4L), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        // A text has the token that texts begin with before it; tokens have what they have.
        Assert.All(generator.Asked, asked => Assert.Equal(Ids, asked.Prompt));
        ChatOptions text = new() { AdditionalProperties = new() { [ChatOptionKeys.Completion] = true } };
        await client.GetResponseAsync("hello", text, Token);
        Assert.Equal([256, .. Ids], generator.Asked[^1].Prompt);
    }

    [Fact]
    public async Task GetResponseAsync_PromptEndsWithinACharacter_AnswerHasAllOfIt()
    {
        using CausalLanguageModel model = ChatModels.Model();
        int[] parrot = ChatModels.Bytes("🦜");
        foreach (int begun in Enumerable.Range(1, 3))
        {
            using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator([.. parrot[begun..], 97]));
            Assert.Equal("🦜a", (await client.GetResponseAsync([], Options((int[])[.. Ids, .. parrot[..begun]]), Token)).Text);
        }
    }

    [Fact]
    public async Task GetResponseAsync_WhatHasNoPlaceBesideTokens_IsRefused()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(97), format: ChatModels.Format);
        await RefusedAsync<ArgumentException>([], Options(Array.Empty<int>()), "there are none");
        await RefusedAsync<ArgumentException>([new ChatMessage(ChatRole.User, "x")], Options(Ids), "a message says something");
        await RefusedAsync<ArgumentException>([new ChatMessage(ChatRole.User, [new DataContent(new byte[1], "image/png")])], Options(Ids), "a message says something");
        await RefusedAsync<ArgumentException>([], Options((int[])[97, 300]), "0 to 299");
        await RefusedAsync<ArgumentException>([], Options((long[])[97, -1]), "0 to 299");
        await RefusedAsync<ArgumentException>([], Options("97"), "a list of token ids");
        ChatOptions options = Options(Ids);
        options.Instructions = "Be brief.";
        await RefusedAsync<ArgumentException>([], options, "Instructions");
        options = Options(Ids);
        options.AdditionalProperties![ChatOptionKeys.ContinueFinalMessage] = true;
        await RefusedAsync<ArgumentException>([], options, ChatOptionKeys.ContinueFinalMessage);
        options = Options(Ids);
        options.Tools = [AIFunctionFactory.Create(() => 1, "one")];
        await RefusedAsync<NotSupportedException>([], options, "1 functions");
        await RefusedAsync<PromptTooLongException>([], Options(Enumerable.Repeat(97, ChatModels.Window).ToArray()), "512 tokens");

        async Task RefusedAsync<T>(IEnumerable<ChatMessage> messages, ChatOptions options, string message)
            where T : Exception =>
            Assert.Contains(message, (await Assert.ThrowsAnyAsync<T>(() => client.GetResponseAsync(messages, options, Token))).Message, StringComparison.Ordinal);
    }

    private static ChatOptions Options(object ids) => new() { AdditionalProperties = new() { [ChatOptionKeys.PromptTokenIds] = ids } };
}
