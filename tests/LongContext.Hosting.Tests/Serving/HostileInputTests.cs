using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>Clients that mean no good.</summary>
public sealed class HostileInputTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_TooLarge_Is413(bool declared)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.MaximumBodyBytes, limits.MaximumBodyBytesTogether) = (10_000, 1_000_000));
        string room = TestServer.Chat(new string('x', 10_000 - TestServer.Chat("").Length));
        Assert.Equal(10_000, room.Length);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(room));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await AskAsync(room + " "));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await AskAsync(room + new string(' ', 300_000)));
        Assert.Equal(1, client.Begun);
        Assert.Equal(0, server.Services.GetRequiredService<BodyBudget>().Taken);

        async Task<HttpStatusCode> AskAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = TestServer.Json(body) };
            if (!declared) request.Headers.TransferEncodingChunked = true;
            using HttpResponseMessage response = await server.Http.SendAsync(request, Token);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Body_DeclaredHugeAndNeverSent_IsRefusedUnread()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"), Token);
        Assert.StartsWith("HTTP/1.1 413", await ReadSomeAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bodies_Together_StayWithinTheBudget()
    {
        var release = new TaskCompletionSource();
        var client = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.MaximumBodyBytes, limits.MaximumBodyBytesTogether) = (100_000, 250_000));
        string body = TestServer.Chat(new string('x', 90_000));
        Task<(int Status, JsonNode Body)>[] held = [server.ChatAsync(body), server.ChatAsync(body)];
        await FakeChatClient.UntilAsync(() => client.Running == 2, Token);
        (int status, JsonNode answer) = await server.ChatAsync(body);
        Assert.Equal((503, "unavailable"), (status, (string?)answer["error"]!["code"]));
        release.SetResult();
        Assert.All(await Task.WhenAll(held), each => Assert.Equal(200, each.Status));
        // A client may have read its answer whole a moment before the server has let go of the request.
        await FakeChatClient.UntilAsync(() => server.Services.GetRequiredService<BodyBudget>().Taken == 0, Token);
        Assert.Equal(200, (await server.ChatAsync(body)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]} x""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"messages":[]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":NaN}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":01}""")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"a\nb\"}]}")]
    public async Task Json_Malformed_Is400(string body)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(body);
        Assert.Equal((400, "invalid_request_error", 0), (status, (string?)answer["error"]!["type"], client.Begun));
    }

    [Theory]
    [InlineData(60, 200)]
    [InlineData(65, 400)]
    [InlineData(1_000_000, 400)]
    public async Task Json_NestedDeeply_IsRefusedBeyondTheLimit(int depth, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        (int status, _) = await server.ChatAsync(TestServer.Chat("x", $",\"unknown\":{new string('[', depth)}{new string(']', depth)}"));
        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task Text_NotUtf8OrHalfACharacter_Is400ByName()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        byte[] body = Encoding.UTF8.GetBytes(TestServer.Chat("#"));
        int place = Array.IndexOf(body, (byte)'#');
        foreach (byte[] bad in new byte[][] { [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80] })
        {
            (int status, JsonNode answer) = await server.PostAsync("/v1/chat/completions", TestServer.Json([.. body[..place], .. bad, .. body[(place + 1)..]]));
            Assert.Equal((400, "messages[0].content"), (status, (string?)answer["error"]!["param"]));
        }

        foreach (string bad in new[] { @"\ud83e", @"\udd9c", @"\udd9c\ud83e", @"a\ud800b" })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat(bad));
            Assert.Equal((400, "messages[0].content"), (status, (string?)answer["error"]!["param"]));
            (status, answer) = await server.ChatAsync($$"""{"{{bad}}":1,"model":"{{bad}}","messages":[{"role":"user","content":"x"}]}""");
            Assert.Equal(400, status);
        }

        (int good, JsonNode said) = await server.ChatAsync(TestServer.Chat(@"\ud83e\udd9c\u0000"));
        Assert.Equal((200, "You said: 🦜\0"), (good, (string?)said["choices"]![0]!["message"]!["content"]));
    }

    [Fact]
    public async Task Reader_ThatStops_KeepsTheModelFromNobody()
    {
        // Far more than sockets take, but no more pieces than the server keeps: the model is done while the client still sleeps.
        string piece = new('x', 1000);
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat(piece, 12_000) };
        await using TestServer server = await TestServer.StartAsync(client, limits => limits.SlowReaderTimeout = TimeSpan.FromMinutes(5), options => options.MaximumConcurrentRequests = 1);
        using Socket socket = await server.ConnectAsync(receiveBuffer: 4096);
        await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("x", ""","stream":true""")), Token);
        Assert.Equal(1, await socket.ReceiveAsync(new byte[1], Token));
        await FakeChatClient.UntilAsync(() => client.Completed == 1, Token);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", ""","max_tokens":1"""))).Status);
    }

    [Fact]
    public async Task Reader_ThatStops_LosesItsConnection()
    {
        string piece = new('x', 1000);
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat(piece, int.MaxValue) };
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.SlowReaderTimeout, limits.MaximumBufferedPieces) = (TimeSpan.FromMilliseconds(300), 100));
        using Socket socket = await server.ConnectAsync(receiveBuffer: 4096);
        await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("x", ""","stream":true""")), Token);
        Assert.Equal(1, await socket.ReceiveAsync(new byte[1], Token));
        await FakeChatClient.UntilAsync(() => client.Cancelled == 1 && client.Running == 0 && server.Model.RunningRequests == 0, Token);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Connection_Cut_FreesTheModelAtOnce(bool streams, bool reset)
    {
        var client = new FakeChatClient { Answer = (_, _) => Enumerable.Repeat("word ", int.MaxValue), Wait = token => Task.Delay(2, token) };
        await using TestServer server = await TestServer.StartAsync(client);
        for (int i = 0; i < 10; i++)
        {
            using Socket socket = await server.ConnectAsync();
            await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("x", streams ? ""","stream":true""" : "")), Token);
            int expected = i + 1;
            await FakeChatClient.UntilAsync(() => client.Begun == expected, Token);
            if (streams) Assert.True(await socket.ReceiveAsync(new byte[100], Token) > 0);
            if (reset) socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            await FakeChatClient.UntilAsync(() => client.Cancelled == expected, Token);
        }

        await FakeChatClient.UntilAsync(() => server.Model.RunningRequests == 0, Token);
        Assert.Equal(0, client.Completed);
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task Connection_CutWhileWaiting_LeavesTheQueue()
    {
        var release = new TaskCompletionSource();
        var client = new FakeChatClient { Wait = token => release.Task.WaitAsync(token) };
        await using TestServer server = await TestServer.StartAsync(client, model: options => options.MaximumConcurrentRequests = 1);
        Task<(int Status, JsonNode Body)> first = server.ChatAsync(TestServer.Chat());
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        using (Socket socket = await server.ConnectAsync())
        {
            await socket.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat()), Token);
            await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 1, Token);
        }

        await FakeChatClient.UntilAsync(() => server.Model.WaitingRequests == 0, Token);
        release.SetResult();
        Assert.Equal((200, 1), ((await first).Status, client.Begun));
    }

    [Fact]
    public async Task Headers_SentSlowlyOrTooLarge_AreCutOff()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => (limits.HeadersTimeout, limits.MaximumHeaderBytes) = (TimeSpan.FromSeconds(1), 2048));
        using Socket slow = await server.ConnectAsync();
        await slow.SendAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: loc"u8.ToArray(), Token);
        Task<string> cut = ReadAllAsync(slow);
        // Others are served meanwhile.
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat())).Status);
        Assert.StartsWith("HTTP/1.1 408", await cut, StringComparison.Ordinal);

        using Socket large = await server.ConnectAsync();
        await large.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat(), $"X: {new string('x', 4000)}\r\n"), Token);
        Assert.StartsWith("HTTP/1.1 431", await ReadSomeAsync(large), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\0\0\0\0\r\n\r\n")]
    [InlineData("GET\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\nZZ\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\nx: a\0b\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\n\r\n")]
    public async Task Http_Malformed_IsRefused(string bytes)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(bytes), Token);
        Assert.Matches("^HTTP/1\\.[01] (4..|501)", await ReadSomeAsync(socket));
    }

    [Fact]
    public async Task Requests_Pipelined_AreAnsweredInOrder()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        using Socket socket = await server.ConnectAsync();
        const int count = 50;
        byte[] all = [.. Enumerable.Range(0, count).SelectMany(i => TestServer.RawPost("/v1/chat/completions", TestServer.Chat($"number {i}!"), i == count - 1 ? "Connection: close\r\n" : ""))];
        await socket.SendAsync(all, Token);
        string answers = await ReadAllAsync(socket);
        Assert.Equal(count, answers.Split("HTTP/1.1 200").Length - 1);
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            at = answers.IndexOf($"You said: number {i}!", at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"answer {i}");
        }
    }

    private static async Task<string> ReadSomeAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int read = await socket.ReceiveAsync(buffer, Token);
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        byte[] buffer = new byte[65536];
        for (int read; (read = await socket.ReceiveAsync(buffer, Token)) > 0;) all.Write(buffer, 0, read);
        return Encoding.UTF8.GetString(all.ToArray());
    }
}
