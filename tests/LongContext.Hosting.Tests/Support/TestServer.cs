using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LongContext.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenAI;

namespace LongContext.Hosting.Support;

/// <summary>The protocol over a real Kestrel on a free port of loopback, with a model of the test's behind it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string ModelId = "fake";

    private readonly WebApplication app;

    private TestServer(WebApplication app)
    {
        this.app = app;
        Address = new Uri(app.Urls.Single());
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => app.Services;

    public LongContextModel Model => app.Services.GetRequiredService<LongContextModel>();

    public RecordedLog Log => app.Services.GetRequiredService<RecordedLog>();

    public static async Task<TestServer> StartAsync(
        IChatClient client, Action<OpenAIServerOptions>? server = null, Action<LongContextOptions>? model = null, string url = "http://127.0.0.1:0", Action<WebApplicationBuilder>? more = null, string prefix = "/v1")
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        var log = new RecordedLog();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(log);
        builder.Services.AddLongContext(options =>
        {
            options.ModelId = ModelId;
            options.ClientFactory = (_, _) => Task.FromResult(client);
            model?.Invoke(options);
        });
        builder.Services.AddLongContextOpenAI(server);
        more?.Invoke(builder);
        WebApplication app = builder.Build();
        app.MapLongContextOpenAI(prefix);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new TestServer(app);
    }

    /// <summary>The client that people use, without retries of its own.</summary>
    public IChatClient OpenAI(string model = ModelId, string key = "none") => OpenAIClient(key).GetChatClient(model).AsIChatClient();

    /// <summary>The same as its own package has it.</summary>
    public OpenAIClient OpenAIClient(string key = "none") =>
        new(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(Address, "v1"), RetryPolicy = new ClientRetryPolicy(0) });

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    public static string Chat(string text = "hello", string more = "") => $$"""{"model":"fake","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";

    public async Task<(int Status, JsonNode Body)> PostAsync(string path, HttpContent content)
    {
        using HttpResponseMessage response = await Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    public Task<(int Status, JsonNode Body)> ChatAsync(string body) => PostAsync("/v1/chat/completions", Json(body));

    /// <summary>The events of a stream; the last is what stands behind the last "data: ".</summary>
    public async Task<List<string>> EventsAsync(string path, string body)
    {
        using HttpResponseMessage response = await Http.PostAsync(path, Json(body), TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith(':')).Select(line => line["data: ".Length..])];
    }

    /// <summary>A connection of its own, with bytes of the test's.</summary>
    public async Task<Socket> ConnectAsync(int receiveBuffer = 0)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0) socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(Address.Host, Address.Port, TestContext.Current.CancellationToken);
        return socket;
    }

    public static byte[] RawPost(string path, string body, string more = "") =>
        Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{more}\r\n{body}");

    public Task StopAsync() => app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
    }
}
