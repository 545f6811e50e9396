using LongContext.Hosting.Support;

namespace LongContext.Hosting.Serving;

/// <summary>The server's end.</summary>
public sealed class ShutdownTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_WhileStreaming_LetsTheStreamFinish()
    {
        var release = new TaskCompletionSource();
        var client = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        await using TestServer server = await TestServer.StartAsync(client);
        Task<List<string>> streamed = server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true"""));
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        Task stopped = server.StopAsync();
        await FakeChatClient.UntilAsync(() => server.Model.State == ModelState.Stopping, Token);
        release.SetResult();
        Assert.Equal("[DONE]", (await streamed)[^1]);
        await stopped;
        Assert.Equal((1, 0, true), (client.Completed, client.Cancelled, client.Disposed));
    }

    [Fact]
    public async Task Stop_PastTheDrainTimeout_TellsTheStreamAndEnds()
    {
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat("word ", int.MaxValue), Wait = token => Task.Delay(5, token) };
        await using TestServer server = await TestServer.StartAsync(client, model: options => options.DrainTimeout = TimeSpan.FromMilliseconds(200));
        Task<List<string>> streamed = server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ""","stream":true"""));
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        await server.StopAsync();
        string last = (await streamed)[^1];
        Assert.All(["unavailable", "before its answer was whole"], part => Assert.Contains(part, last, StringComparison.Ordinal));
        Assert.Equal((1, true), (client.Cancelled, client.Disposed));
    }
}
