using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using LongContext.AspNetCore.Serving;
using LongContext.Generation;
using LongContext.Hosting.Support;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>Bent requests by the thousand: no answer is a 500, every request has one, nothing is left behind, and the server goes on.</summary>
[Collection(MemoryMeasured.Name)]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Connections = 16;
    private const int Pipelined = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_FewThousandBent_AreAnsweredWithoutA500()
    {
        await RunAsync(new FakeChatClient(), framed: 2_000, torn: 500);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Requests_AHundredThousandBent_AreAnsweredWithoutA500()
    {
        SlowTests.SkipUnlessAsked();
        await RunAsync(new FakeChatClient(), framed: 90_000, torn: 10_000);
    }

    [Fact]
    public async Task Requests_BentToATinyModel_AreAnsweredWithoutA500()
    {
        using LongContextChatClient client = LongContextChatClient.Load(
            Path.Combine(AppContext.BaseDirectory, "BaseModel"), new LongContextChatClientOptions { ModelId = TestServer.ModelId, Generation = new GenerationOptions { MaximumNewTokens = 4 } });
        await RunAsync(client, framed: 300, torn: 50, outputTokens: 8);
    }

    [Fact]
    public async Task Requests_BentToAModelThatCallsFunctions_AreAnsweredWithoutA500()
    {
        using var model = new ByteModel();
        using LongContextChatClient client = model.Load(format: "qwen2.5", generation: new GenerationOptions { MaximumNewTokens = 4 });
        await RunAsync(client, framed: 400, torn: 50, outputTokens: 8);
    }

    private async Task RunAsync(IChatClient client, int framed, int torn, int? outputTokens = null)
    {
        await using TestServer server = await TestServer.StartAsync(
            client, limits => (limits.MaximumOutputTokens, limits.HeadersTimeout, limits.MaximumBodyBytes) = (outputTokens, TimeSpan.FromSeconds(2), 1 << 20), options => options.MaximumConcurrentRequests = 4);
        await server.Model.LoadAsync(Token);
        await FramedAsync(server, 0, 200);
        long before = await MemoryMeasured.SettledAsync(Token);
        var watch = Stopwatch.StartNew();
        int[] statuses = new int[600];
        var wrong = new ConcurrentQueue<string>();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async connection =>
        {
            int from = 200 + (framed * connection / Connections), to = 200 + (framed * (connection + 1) / Connections);
            foreach ((int status, int number) in (await FramedAsync(server, from, to)).Select((status, i) => (status, from + i)))
            {
                Interlocked.Increment(ref statuses[status]);
                if (status >= 500) wrong.Enqueue($"{status} for {Encoding.Latin1.GetString(RequestMutations.Framed((ulong)number))}");
            }
        }));
        double seconds = watch.Elapsed.TotalSeconds;
        Assert.Equal(framed, statuses.Sum());
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Concat(server.Log.Errors).Take(5)));
        // Bent, but not so that nothing gets through.
        Assert.InRange(statuses[200], framed / 20, framed);
        Assert.InRange(statuses[400], framed / 20, framed);

        int next = -1, answered = 0;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < torn;)
            {
                string answer = await TornAsync(server, (ulong)number);
                if (answer.Length > 0) Interlocked.Increment(ref answered);
                if (answer.Contains("HTTP/1.1 500", StringComparison.Ordinal)) Assert.Fail(string.Join('\n', [answer, Encoding.Latin1.GetString(RequestMutations.Torn((ulong)number)), .. server.Log.Errors.Take(5)]));
            }
        }));

        await FakeChatClient.UntilAsync(() => server.Model is { RunningRequests: 0, WaitingRequests: 0 } && server.Services.GetRequiredService<BodyBudget>().Taken == 0, Token);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("hello", ""","max_tokens":2"""))).Status);
        // Kestrel says so itself where it reads on to the end of a body whose trailers are no text; the request was refused.
        string[] errors = [.. server.Log.Errors.Where(each => !each.Contains("automatic draining of the request body failed", StringComparison.Ordinal))];
        Assert.True(errors.Length == 0, string.Join('\n', errors.Take(5)));
        const long most = 64L << 20;
        long grown = await MemoryMeasured.GrownAsync(before, most, Token);
        Assert.InRange(grown, long.MinValue, most);
        output.WriteLine(FormattableString.Invariant($"{framed} requests over {Connections} connections in {seconds:0.0} s: {framed / seconds:0} a second; ")
            + string.Join(", ", statuses.Select((count, status) => (count, status)).Where(entry => entry.count > 0).Select(entry => $"{entry.count} × {entry.status}"))
            + $"; {torn} torn ones, {answered} of them answered; memory {grown >> 10:+0;-0} KiB.");
    }

    /// <summary>Sends requests over one connection, a few ahead of their answers, and reads each answer; a connection that the server ends is made anew for the rest.</summary>
    private static async Task<List<int>> FramedAsync(TestServer server, int from, int to)
    {
        List<int> statuses = [];
        while (from < to)
        {
            using Socket socket = await server.ConnectAsync();
            var reader = new ResponseReader(new NetworkStream(socket));
            for (bool open = true; open && from < to;)
            {
                int count = Math.Min(Pipelined, to - from);
                byte[] all = [.. Enumerable.Range(from, count).SelectMany(number => RequestMutations.Framed((ulong)number))];
                await socket.SendAsync(all, Token);
                for (int i = 0; open && i < count; i++)
                {
                    (int status, bool closes) = await reader.ReadAsync(RequestMutations.Framed((ulong)from).AsSpan().StartsWith("HEAD"u8), Token);
                    statuses.Add(status);
                    from++;
                    open = !closes;
                }
            }
        }

        return statuses;
    }

    /// <summary>One request of a connection of its own; whatever comes back until the server closes it or has answered.</summary>
    private static async Task<string> TornAsync(TestServer server, ulong number)
    {
        using Socket socket = await server.ConnectAsync();
        byte[] request = RequestMutations.Torn(number);
        await socket.SendAsync(request, Token);
        // Half of them say that there is no more; the others leave the server waiting and go.
        if (number % 2 == 0) socket.Shutdown(SocketShutdown.Send);
        byte[] buffer = new byte[8192];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromMilliseconds(number % 2 == 0 ? 5_000 : 50));
        var answer = new StringBuilder();
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, patience.Token)) > 0;) answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !Token.IsCancellationRequested))
        {
            // Reset, or nothing more to come.
        }

        return answer.ToString();
    }
}
