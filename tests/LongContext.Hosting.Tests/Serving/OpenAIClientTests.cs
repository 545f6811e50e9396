using System.ClientModel;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>The client package that people use, against the server.</summary>
public sealed class OpenAIClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetResponseAsync_Whole_GivesTextReasonAndUsage()
    {
        var fake = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(fake);
        using IChatClient client = server.OpenAI();
        ChatResponse response = await client.GetResponseAsync(
            [new ChatMessage(ChatRole.System, "short"), new ChatMessage(ChatRole.User, "hello 🦜")],
            new ChatOptions { Temperature = 0.5f, MaxOutputTokens = 50, StopSequences = ["#"], Seed = 7, FrequencyPenalty = 0.25f }, Token);
        Assert.Equal(("You said: hello 🦜", ChatFinishReason.Stop, "fake"), (response.Text, response.FinishReason, response.ModelId));
        Assert.Equal((2L, 4L, 6L), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Equal((0.5f, 50, 7L, 0.25f, "#"), (fake.LastOptions!.Temperature, fake.LastOptions.MaxOutputTokens, fake.LastOptions.Seed, fake.LastOptions.FrequencyPenalty, fake.LastOptions.StopSequences!.Single()));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_GivesPiecesReasonAndUsage()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient { Answer = (_, _) => Enumerable.Range(0, 500).Select(i => $"{i} ") });
        using IChatClient client = server.OpenAI();
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("hello", cancellationToken: Token)) updates.Add(update);
        ChatResponse response = updates.ToChatResponse();
        Assert.Equal(string.Concat(Enumerable.Range(0, 500).Select(i => $"{i} ")), response.Text);
        Assert.Equal((ChatFinishReason.Stop, 500L), (response.FinishReason, response.Usage!.OutputTokenCount));
    }

    [Fact]
    public async Task GetStreamingResponseAsync_ReaderLeaves_ModelSeesCancellation()
    {
        var fake = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat("word ", int.MaxValue), Wait = token => Task.Delay(1, token) };
        await using TestServer server = await TestServer.StartAsync(fake);
        using IChatClient client = server.OpenAI();
        int seen = 0;
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("hello", cancellationToken: Token))
        {
            if (++seen == 5) break;
        }

        await FakeChatClient.UntilAsync(() => fake.Cancelled == 1 && server.Model.RunningRequests == 0, Token);
    }

    [Fact]
    public async Task GetModelAsync_NameWithASlash_IsFound()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), model: options => options.ModelId = "org/fake-1");
        Assert.Equal("org/fake-1", (await server.OpenAIClient().GetOpenAIModelClient().GetModelAsync("org/fake-1", Token)).Value.Id);
        Assert.Equal("org/fake-1", (await server.OpenAI("org/fake-1").GetResponseAsync("x", cancellationToken: Token)).ModelId);
    }

    [Fact]
    public async Task Errors_HaveTheirStatusAndMessage()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.ApiKeys["me"] = "sk-0123456789abcdef");
        ClientResultException wrong = await Assert.ThrowsAsync<ClientResultException>(() => server.OpenAI(key: "sk-wrong").GetResponseAsync("x", cancellationToken: Token));
        Assert.Equal(401, wrong.Status);
        ClientResultException unknown = await Assert.ThrowsAsync<ClientResultException>(() => server.OpenAI("other", "sk-0123456789abcdef").GetResponseAsync("x", cancellationToken: Token));
        Assert.Equal(404, unknown.Status);
        Assert.Contains("other", unknown.Message, StringComparison.Ordinal);
        ClientResultException hot = await Assert.ThrowsAsync<ClientResultException>(() => server.OpenAI(key: "sk-0123456789abcdef").GetResponseAsync("x", new ChatOptions { Temperature = 3 }, Token));
        Assert.Equal(400, hot.Status);
        Assert.Contains("temperature", hot.Message, StringComparison.Ordinal);
        Assert.Equal("You said: x", (await server.OpenAI(key: "sk-0123456789abcdef").GetResponseAsync("x", cancellationToken: Token)).Text);
    }
}
