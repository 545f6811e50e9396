using System.Text.Json.Nodes;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

[Collection(MemoryMeasured.Name)]
public sealed class ThousandRequestsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_AThousandWaiting_AllEndAndMemoryStays()
    {
        var release = new TaskCompletionSource();
        var client = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        await using TestServer server = await TestServer.StartAsync(client, model: options => (options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = (4, 600));
        server.Http.Timeout = TimeSpan.FromMinutes(5);
        await server.Model.LoadAsync(Token);
        long before = await MemoryMeasured.SettledAsync(Token);
        string body = TestServer.Chat(new string('x', 2000));
        Task<(int Status, JsonNode Body)>[] all = [.. Enumerable.Range(0, 1000).Select(_ => server.ChatAsync(body))];
        await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 600 && all.Count(task => task.IsCompleted) == 1000 - 604, Token);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        // Client and server are one process here: 604 requests of 2 KB with their connections.
        Assert.InRange(held, long.MinValue, 200L << 20);
        Assert.All(all.Where(task => task.IsCompleted), task => Assert.Equal((429, "overloaded"), (task.Result.Status, (string?)task.Result.Body["error"]!["code"])));
        using (HttpResponseMessage refused = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), TestServer.Json(body), Token))
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        using (HttpResponseMessage health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), Token))
            Assert.Contains("degraded", await health.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        release.SetResult();
        await Task.WhenAll(all.Select(task => task.ContinueWith(_ => { }, TaskScheduler.Default)));
        Assert.Equal((604, 4), (client.Completed, client.MostAtOnce));
        await FakeChatClient.UntilAsync(() => server.Model is { RunningRequests: 0, WaitingRequests: 0 }, Token);
        Assert.Equal(0, server.Services.GetRequiredService<BodyBudget>().Taken);
    }
}
