using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace LongContext.Hosting.Serving;

/// <summary>What callers learn of the host, of one another, and through proxies.</summary>
public sealed class CallerTests
{
    private const string Key = "sk-0123456789abcdef", Other = "sk-fedcba9876543210";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_OfAnApplicationWithOtherChecks_ShowsTheModelsAlone()
    {
        int run = 0;
        await using TestServer server = await StartWithCheckAsync(limits => limits.ApiKeys["me"] = Key);
        JsonNode stranger = await HealthAsync(server), known = await HealthAsync(server, Key);
        Assert.Equal("""{"status":"healthy","checks":[{"name":"longcontext","status":"healthy"}]}""", stranger.ToJsonString());
        Assert.Contains("is ready", (string)known["checks"]![0]!["description"]!, StringComparison.Ordinal);
        Assert.Equal(stranger.ToJsonString(), (await HealthAsync(server, Other)).ToJsonString());
        Assert.Equal((1, 0), (known["checks"]!.AsArray().Count, run));

        await using TestServer open = await StartWithCheckAsync(_ => { });
        Assert.NotNull((await HealthAsync(open))["checks"]![0]!["description"]);
        Assert.Null((await HealthAsync(open, host: "evil.example"))["checks"]![0]!["description"]);

        async Task<TestServer> StartWithCheckAsync(Action<AspNetCore.OpenAIServerOptions> limits)
        {
            TestServer made = await TestServer.StartAsync(new FakeChatClient(), limits, more: builder => builder.Services.AddHealthChecks().AddCheck("database", () =>
            {
                run++;
                return HealthCheckResult.Unhealthy("Server=secret");
            }));
            await made.Model.LoadAsync(Token);
            return made;
        }
    }

    [Fact]
    public async Task CachedTokens_OfAnotherKeysPrompt_AreNone()
    {
        using var model = new ByteModel();
        string prompt = string.Concat(Enumerable.Repeat("a contract that nobody else may know of ", 12));
        await using (TestServer server = await StartAsync(shares: false))
        {
            Assert.Equal(0, await CachedAsync(server, Key));
            Assert.Equal(0, await CachedAsync(server, Other));
            Assert.InRange(await CachedAsync(server, Key), 64, 10_000);
            Assert.InRange(await CachedAsync(server, Other), 64, 10_000);
            // A salt of the request's own divides further.
            Assert.Equal(0, await CachedAsync(server, Key, ""","cache_salt":"s" """));
            Assert.InRange(await CachedAsync(server, Key, ""","cache_salt":"s" """), 64, 10_000);
            Assert.Equal(0, await CachedAsync(server, Other, ""","cache_salt":"s" """));
        }

        await using TestServer shared = await StartAsync(shares: true);
        Assert.Equal(0, await CachedAsync(shared, Key));
        Assert.InRange(await CachedAsync(shared, Other), 64, 10_000);

        Task<TestServer> StartAsync(bool shares) => TestServer.StartAsync(model.Load(), limits => (limits.ApiKeys["a"], limits.ApiKeys["b"], limits.SharesCacheBetweenKeys) = (Key, Other, shares));

        async Task<int> CachedAsync(TestServer server, string key, string more = "")
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(TestServer.Chat(prompt, ""","max_tokens":2""" + more)) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            JsonNode answer = await SendAsync(server, request);
            return (int)answer["usage"]!["prompt_tokens_details"]!["cached_tokens"]!;
        }
    }

    [Theory]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    [InlineData("Forwarded", "for=203.0.113.7")]
    [InlineData("X-Real-IP", "203.0.113.7")]
    [InlineData("x-forwarded-for", "127.0.0.1")]
    public async Task Proxy_BeforeAServerWithoutKeys_IsRefusedByItsHeader(string header, string value)
    {
        var client = new FakeChatClient();
        await using TestServer open = await TestServer.StartAsync(client);
        await using TestServer keyed = await TestServer.StartAsync(client, limits => limits.ApiKeys["me"] = Key);
        foreach ((TestServer server, int expected) in new[] { (open, 403), (keyed, 200) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(TestServer.Chat()) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
            Assert.Equal(expected, (int)response.StatusCode);
            string text = await response.Content.ReadAsStringAsync(Token);
            if (expected == 403) Assert.Contains(header, text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(1, client.Begun);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", 1)]
    [InlineData("http://127.0.0.1:0", 0)]
    public async Task Keys_OverPlainHttp_AreWarnedOfWhereOthersCanRead(string url, int warnings)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.ApiKeys["me"] = Key, url: url);
        Assert.Equal(warnings, server.Log.Entries.Count(entry => entry.Level == LogLevel.Warning && entry.Message.Contains("TLS", StringComparison.Ordinal)));
    }

    private static async Task<JsonNode> HealthAsync(TestServer server, string? key = null, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Host = host;
        return await SendAsync(server, request);
    }

    private static async Task<JsonNode> SendAsync(TestServer server, HttpRequestMessage request)
    {
        using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
        string text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!;
    }
}
