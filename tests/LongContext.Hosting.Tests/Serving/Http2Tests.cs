using System.Net;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace LongContext.Hosting.Serving;

/// <summary>Many requests on one connection: what becomes of one is no matter of the others.</summary>
public sealed class Http2Tests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_OnOneConnection_HaveTheirAnswersAndFaults()
    {
        await using TestServer server = await StartAsync(new FakeChatClient());
        (HttpStatusCode status, string body)[] answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => AskAsync(server, i % 3 == 0 ? "{" : TestServer.Chat($"number {i}", i % 3 == 1 ? "" : ""","stream":true"""))));
        for (int i = 0; i < answers.Length; i++)
        {
            Assert.Equal(i % 3 == 0 ? HttpStatusCode.BadRequest : HttpStatusCode.OK, answers[i].status);
            if (i % 3 == 0) Assert.Equal("invalid_json", (string?)JsonNode.Parse(answers[i].body)!["error"]!["code"]);
            else Assert.Contains($"number {i}", answers[i].body, StringComparison.Ordinal);
            Assert.Equal(i % 3 == 2, answers[i].body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Stream_Reset_FreesTheModelAndLeavesTheOthers()
    {
        var client = new FakeChatClient { Answer = (text, _) => text == "long" ? Enumerable.Repeat("word ", int.MaxValue) : ["short"], Wait = token => Task.Delay(1, token) };
        await using TestServer server = await StartAsync(client);
        for (int i = 1; i <= 20; i++)
        {
            using HttpRequestMessage request = Request(TestServer.Chat("long", ""","stream":true"""));
            using (HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token))
            {
                await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
                Assert.True(await stream.ReadAsync(new byte[10], Token) > 0);
            }

            int expected = i;
            await FakeChatClient.UntilAsync(() => client.Cancelled == expected && server.Model.RunningRequests == 0, Token);
        }

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, TestServer.Chat("x"))).Status);
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task Stream_ThatIsNotRead_LosesItselfOnly()
    {
        string piece = new('x', 1000);
        var client = new FakeChatClient { Answer = (text, _) => text == "long" ? Enumerable.Repeat(piece, int.MaxValue) : ["short"] };
        await using TestServer server = await StartAsync(client, TimeSpan.FromMilliseconds(500));
        using HttpRequestMessage request = Request(TestServer.Chat("long", ""","stream":true"""));
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        // While it lies there unread, others have the connection.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, TestServer.Chat("x"))).Status);
        await FakeChatClient.UntilAsync(() => client.Cancelled == 1 && server.Model.RunningRequests == 0, Token);
        await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
        await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(Stream.Null, Token));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, TestServer.Chat("x"))).Status);
    }

    private static Task<TestServer> StartAsync(FakeChatClient client, TimeSpan? slowReader = null) => TestServer.StartAsync(
        client, limits => (limits.SlowReaderTimeout, limits.MaximumBufferedPieces) = (slowReader ?? limits.SlowReaderTimeout, 100),
        more: builder => builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2)));

    private static HttpRequestMessage Request(string body) => new(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(body), Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(TestServer server, string body)
    {
        using HttpRequestMessage request = Request(body);
        using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
        Assert.Equal(HttpVersion.Version20, response.Version);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }
}
