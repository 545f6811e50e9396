using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.Extensions.Options;

namespace LongContext.Hosting.Serving;

/// <summary>Who may ask, and how often.</summary>
public sealed class AccessTests
{
    private const string Key = "sk-0123456789abcdef";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, 401)]
    [InlineData("Bearer", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Bearer sk-0123456789abcdeF", 401)]
    [InlineData("Bearer sk-0123456789abcdef0", 401)]
    [InlineData("Basic sk-0123456789abcdef", 401)]
    [InlineData("Bearer sk-0123456789abcdef", 200)]
    [InlineData("bearer sk-0123456789abcdef", 200)]
    [InlineData("Bearer hashed-key-of-somebody", 200)]
    public async Task Key_OfARequest_Decides(string? authorization, int expected)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client, limits =>
        {
            limits.ApiKeys["plain"] = Key;
            limits.ApiKeys["hashed"] = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("hashed-key-of-somebody")));
        });
        foreach ((HttpMethod method, string path) in new[] { (HttpMethod.Post, "/v1/chat/completions"), (HttpMethod.Get, "/v1/models"), (HttpMethod.Get, "/v1/models/fake") })
        {
            using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? TestServer.Json(TestServer.Chat()) : null };
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
            Assert.Equal(expected, (int)response.StatusCode);
            if (expected == 401) Assert.Equal("Bearer", response.Headers.WwwAuthenticate.Single().Scheme);
        }

        Assert.Equal(expected == 200 ? 1 : 0, client.Begun);
        // Health says nothing that needs one.
        using HttpResponseMessage health = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), Token);
        Assert.NotEqual(HttpStatusCode.Unauthorized, health.StatusCode);
    }

    [Fact]
    public async Task Address_OfAllMachinesWithoutKeys_StopsTheStart()
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => TestServer.StartAsync(new FakeChatClient(), url: "http://0.0.0.0:0"));
        Assert.Contains("ApiKeys is empty", e.Message, StringComparison.Ordinal);
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.ApiKeys["me"] = Key, url: "http://0.0.0.0:0");
    }

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("localhost:80", 200)]
    [InlineData("127.0.0.1:1234", 200)]
    [InlineData("[::1]:1234", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("10.0.0.1", 403)]
    public async Task Host_OfARequestWithoutKeys_MustBeThisMachine(string host, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(TestServer.Chat()), Headers = { Host = host } };
        using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task ContentType_ThatAPageCouldSend_IsRefused(string? type)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        using var content = new StringContent(TestServer.Chat());
        content.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        using HttpResponseMessage response = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, Token);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, 0), (response.StatusCode, client.Begun));
    }

    [Fact]
    public async Task Rate_OfEachKey_IsItsOwn()
    {
        const string other = "sk-fedcba9876543210";
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits =>
        {
            limits.RequestsPerMinute = 3;
            (limits.ApiKeys["a"], limits.ApiKeys["b"]) = (Key, other);
        });
        Assert.Equal([200, 200, 200, 429], await AskAsync(Key, 4));
        Assert.Equal([200, 200, 200, 429], await AskAsync(other, 4));

        async Task<List<int>> AskAsync(string key, int count)
        {
            List<int> found = [];
            for (int i = 0; i < count; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
                using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
                found.Add((int)response.StatusCode);
                if (response.StatusCode == HttpStatusCode.TooManyRequests) Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            }

            return found;
        }
    }

    [Fact]
    public async Task Rate_ThatNoTimeDivides_IsAFault()
    {
        OptionsValidationException e = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => TestServer.StartAsync(new FakeChatClient(), limits => limits.RequestsPerMinute = 600_000_001));
        Assert.Contains("RequestsPerMinute is 600000001, expected at most 600000000", e.Message, StringComparison.Ordinal);
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.RequestsPerMinute = 600_000_000);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat())).Status);
    }

    [Fact]
    public async Task Options_AllFaults_StandInOneMessage()
    {
        OptionsValidationException e = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => TestServer.StartAsync(new FakeChatClient(), limits =>
        {
            (limits.ApiKeys["short"], limits.ApiKeys["hash"]) = ("secret", "sha256:12");
            (limits.MaximumBodyBytes, limits.MaximumHeaderBytes, limits.RequestTimeout, limits.RequestsPerMinute, limits.MaximumSchemaBytes) = (0, 1, TimeSpan.Zero, -1, 0);
            limits.MaximumPrompts = 1025;
            limits.ApiKeys["nul\0"] = Key;
            limits.ApiKeys["twin"] = "sha256:" + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Key)));
            (limits.MaximumPromptLogprobsTogether, limits.MaximumAnswerLogprobsTogether) = (5, 6);
        }));
        Assert.All(["ApiKeys[\"short\"]", "ApiKeys[\"hash\"]", "MaximumBodyBytes", "MaximumHeaderBytes", "RequestTimeout", "RequestsPerMinute", "MaximumSchemaBytes", "MaximumPrompts", "U+0000", "one key for \"nul\0\" and \"twin\"", "MaximumPromptLogprobsTogether", "MaximumAnswerLogprobsTogether is 6, expected at least 4000000"], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.1", true)]
    [InlineData("::1", true)]
    [InlineData("[::1]", true)]
    [InlineData("LOCALHOST", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("+", false)]
    [InlineData("*", false)]
    [InlineData("[::]", false)]
    [InlineData("example.org", false)]
    public void IsThisMachine_Host_IsJudged(string host, bool expected) => Assert.Equal(expected, AccessControl.IsThisMachine(host));
}
