using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using OpenAI;

namespace LongContext.Evaluation.Support;

/// <summary>
/// A server on loopback that speaks as much of the chat-completions protocol as a client needs, and fails in every way it is told to. One request a connection.
/// </summary>
internal sealed class StubServer : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<StubRequest, StubReply> script;
    private readonly CancellationTokenSource ends = new();
    private readonly Lock state = new();
    private readonly List<string> asked = [], answered = [];

    public StubServer(Func<StubRequest, StubReply> script)
    {
        this.script = script;
        listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1");

    /// <summary>The texts it was asked, in the order they came.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (state) return [.. asked];
        }
    }

    /// <summary>The texts that a whole answer went out for.</summary>
    public IReadOnlyList<string> Answered
    {
        get
        {
            lock (state) return [.. answered];
        }
    }

    public int MostAtOnce { get; private set; }

    private int AtOnce { get; set; }

    /// <summary>The client that people use, without retries of its own unless asked.</summary>
    public IChatClient Client(int ownRetries = 0) => ClientOf(Address, ownRetries);

    public static IChatClient ClientOf(Uri address, int ownRetries = 0) =>
        new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = address, RetryPolicy = new ClientRetryPolicy(ownRetries) }).GetChatClient("stub").AsIChatClient();

    public void Dispose()
    {
        ends.Cancel();
        listener.Stop();
        ends.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync(ends.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient connection = client;
        try
        {
            NetworkStream stream = connection.GetStream();
            JsonNode body = JsonNode.Parse(await ReadBodyAsync(stream))!;
            string text = LastText(body);
            StubRequest request;
            lock (state)
            {
                request = new StubRequest(text, asked.Count(each => each == text), body);
                asked.Add(text);
                MostAtOnce = Math.Max(MostAtOnce, ++AtOnce);
            }

            StubReply reply = script(request);
            try
            {
                if (reply.Hangs) await Task.Delay(Timeout.Infinite, ends.Token);
                if (reply.Wait > TimeSpan.Zero) await Task.Delay(reply.Wait, ends.Token);
            }
            finally
            {
                lock (state) AtOnce--;
            }

            byte[] content = Encoding.UTF8.GetBytes(reply.Body ?? (request.IsStreaming ? Stream(reply) : Completion(reply.Text)));
            string type = reply.Body is null && request.IsStreaming ? "text/event-stream" : "application/json";
            string head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {reply.Status} Status\r\nContent-Type: {type}\r\nContent-Length: {content.Length}\r\nConnection: close\r\n")
                + string.Concat(reply.Headers.Select(header => header + "\r\n")) + "\r\n";
            bool isWhole = reply is { Status: 200, Body: null, ShareUntilCut: null } && (reply.PiecesUntilEnd is null || !request.IsStreaming);
            lock (state)
            {
                // Before it goes out: whoever has it must find it here.
                if (isWhole) answered.Add(text);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
            await stream.WriteAsync(content.AsMemory(0, (int)(content.Length * (reply.ShareUntilCut ?? 1))));
            connection.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the server is stopped.
        }
    }

    private static async Task<string> ReadBodyAsync(NetworkStream stream)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (!(head.Count >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n'))
        {
            await stream.ReadExactlyAsync(one);
            head.Add(one[0]);
        }

        string lengthLine = Encoding.ASCII.GetString([.. head]).Split("\r\n").First(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[int.Parse(lengthLine.Split(':')[1], CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body);
        return Encoding.UTF8.GetString(body);
    }

    private static string LastText(JsonNode body) => body["messages"]!.AsArray()[^1]!["content"] switch
    {
        JsonArray parts => string.Concat(parts.Select(part => (string?)part!["text"])),
        { } text => (string)text!,
        null => string.Empty,
    };

    private static string Completion(string text) => new JsonObject
    {
        ["id"] = "1",
        ["object"] = "chat.completion",
        ["created"] = 1,
        ["model"] = "stub",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = "stop",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 7, ["completion_tokens"] = 3, ["total_tokens"] = 10 },
    }.ToJsonString();

    private static string Stream(StubReply reply)
    {
        string[] pieces = [.. reply.Text.Chunk(3).Select(piece => new string(piece))];
        IEnumerable<string> sent = reply.PiecesUntilEnd is { } most ? pieces.Take(most) : pieces;
        StringBuilder text = new();
        foreach (string piece in sent) Event(new JsonObject { ["content"] = piece }, null);
        if (reply.PiecesUntilEnd is null)
        {
            Event([], "stop");
            text.Append("data: [DONE]\n\n");
        }

        return text.ToString();

        void Event(JsonObject delta, string? finish) => text.Append("data: ").Append(new JsonObject
        {
            ["id"] = "1",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1,
            ["model"] = "stub",
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
        }.ToJsonString()).Append("\n\n");
    }
}
