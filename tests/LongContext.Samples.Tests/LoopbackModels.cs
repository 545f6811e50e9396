using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LongContext.Samples.Tests;

/// <summary>
/// A server on loopback that speaks as much of OpenAI's protocol as a sample needs: a model that finds what opens a town's gate where the text says so, one that ranks passages
/// as they come, and embeddings that count letters.
/// </summary>
internal sealed partial class LoopbackModels : IDisposable
{
    private readonly HttpListener listener = new();
    private readonly List<string?> embeddingKeys = [];
    private int requests;

    public LoopbackModels()
    {
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/v1");
        }

        listener.Prefixes.Add(Address + "/");
        listener.Start();
        _ = ServeAsync();
    }

    public string Address { get; }

    public int Requests => Volatile.Read(ref requests);

    public IReadOnlyList<string?> EmbeddingKeys
    {
        get
        {
            lock (embeddingKeys) return [.. embeddingKeys];
        }
    }

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await listener.GetContextAsync());
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // It was closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        Interlocked.Increment(ref requests);
        JsonNode request = (await JsonNode.ParseAsync(context.Request.InputStream))!;
        bool embeds = context.Request.Url!.AbsolutePath.EndsWith("/embeddings", StringComparison.Ordinal);
        if (embeds)
        {
            lock (embeddingKeys) embeddingKeys.Add(context.Request.Headers["Authorization"]);
        }

        byte[] body = JsonSerializer.SerializeToUtf8Bytes(embeds ? Embeddings(request) : Completion(request));
        context.Response.ContentType = "application/json";
        await context.Response.OutputStream.WriteAsync(body);
        context.Response.Close();
    }

    private static JsonObject Embeddings(JsonNode request) => new()
    {
        ["object"] = "list",
        ["model"] = "letters",
        ["data"] = new JsonArray([.. Texts(request["input"]!).Select((text, i) => (JsonNode)new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = Letters(text) })]),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1, ["total_tokens"] = 1 },
    };

    private static IEnumerable<string> Texts(JsonNode input) => input is JsonArray many ? many.Select(text => (string)text!) : [(string)input!];

    /// <summary>As OpenAI's client asks for it: floats, little endian, in base64.</summary>
    private static string Letters(string text)
    {
        float[] counts = new float[128];
        foreach (char letter in text.Where(char.IsAscii)) counts[letter]++;
        return Convert.ToBase64String(counts.SelectMany(BitConverter.GetBytes).ToArray());
    }

    private static JsonObject Completion(JsonNode request)
    {
        string text = string.Concat(request["messages"]!.AsArray().Select(message =>
            message!["content"] is JsonArray parts ? string.Concat(parts.Select(part => (string?)part!["text"])) : (string?)message["content"]));
        string town = Town().Matches(text) is { Count: > 0 } towns ? towns[^1].Groups[1].Value : "";
        Match found = Regex.Match(text, $@"gate of {Regex.Escape(town)} opens with (\d+)");
        string answer = (string?)request["model"] == "ranker" ? "[1]" : found.Success ? found.Groups[1].Value : "I do not know.";
        return new JsonObject
        {
            ["id"] = "1",
            ["object"] = "chat.completion",
            ["created"] = 1,
            ["model"] = "stub",
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0, ["finish_reason"] = "stop", ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = answer },
            }),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 10, ["completion_tokens"] = 2, ["total_tokens"] = 12 },
        };
    }

    [GeneratedRegex(@"gate of (\w+)\?")]
    private static partial Regex Town();
}
