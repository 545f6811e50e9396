using System.Text.Json.Nodes;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>A real model behind the server: what comes over the wire is what it says by itself.</summary>
public sealed class TinyModelTests
{
    private const string Prompt = "the same of the same of";
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "BaseModel");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_WholeAndInPieces_AreTheModelsOwn()
    {
        using LongContextChatClient direct = Load();
        var options = new ChatOptions { MaxOutputTokens = 12, Temperature = 0.8f, Seed = 5 };
        ChatResponse expected = await direct.GetResponseAsync(Prompt, options, Token);
        await using TestServer server = await TestServer.StartAsync(Load());
        using IChatClient client = server.OpenAI();
        ChatResponse whole = await client.GetResponseAsync(Prompt, options, Token);
        Assert.Equal((expected.Text, expected.FinishReason, expected.Usage!.InputTokenCount, expected.Usage.OutputTokenCount), (whole.Text, whole.FinishReason, whole.Usage!.InputTokenCount, whole.Usage.OutputTokenCount));
        ChatResponse[] streamed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetStreamingResponseAsync(Prompt, options, Token).ToChatResponseAsync(Token)));
        Assert.All(streamed, each => Assert.Equal((expected.Text, expected.Usage.OutputTokenCount), (each.Text, each.Usage!.OutputTokenCount)));
        Assert.Equal(256, (int)JsonNode.Parse(await server.Http.GetStringAsync(new Uri("/v1/models", UriKind.Relative), Token))!["data"]![0]!["max_model_len"]!);
    }

    [Fact]
    public async Task Prompt_TooLong_IsRefusedWithTheFigure()
    {
        await using TestServer server = await TestServer.StartAsync(Load(), limits => limits.MaximumPromptTokens = 300);
        await server.Model.LoadAsync(Token);
        foreach ((int words, string figure) in new[] { (280, "room for 255 of it"), (301, "300") })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat(string.Join(' ', Enumerable.Repeat("the", words))));
            Assert.Equal((400, "context_length_exceeded", "messages"), (status, (string?)answer["error"]!["code"], (string?)answer["error"]!["param"]));
            Assert.Contains(figure, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        }

        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("the", ""","max_tokens":2"""))).Status);
    }

    [Fact]
    public async Task Connection_Cut_FreesTheModelForTheNext()
    {
        await using TestServer server = await TestServer.StartAsync(Load());
        using IChatClient client = server.OpenAI();
        for (int i = 0; i < 5; i++)
        {
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Prompt, new ChatOptions { MaxOutputTokens = 200 }, Token)) break;
        }

        await FakeChatClient.UntilAsync(() => server.Model.RunningRequests == 0, Token);
        Assert.Equal(2, (await client.GetResponseAsync(Prompt, new ChatOptions { MaxOutputTokens = 2 }, Token)).Usage!.OutputTokenCount);
    }

    private static LongContextChatClient Load() => LongContextChatClient.Load(Folder, new LongContextChatClientOptions { ModelId = TestServer.ModelId });
}
