using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Evaluation.Support;

/// <summary>A headless browser, spoken to in the DevTools protocol; it reaches no network.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    private readonly Process process;
    private readonly DirectoryInfo profile;
    private readonly ClientWebSocket socket = new();
    private readonly List<JsonElement> events = [];
    private int number;

    private Chromium(Process process, DirectoryInfo profile)
    {
        this.process = process;
        this.profile = profile;
    }

    /// <summary>The browser's program, or null where there is none.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .SelectMany(folder => Names.Select(name => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name)))
        .FirstOrDefault(File.Exists);

    public static async Task<Chromium> StartAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(Program is null, $"no browser: none of {string.Join(", ", Names)} is on PATH");
        DirectoryInfo profile = Directory.CreateTempSubdirectory("longcontext-chromium-");
        ProcessStartInfo start = new(Program!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-port=0", "--user-data-dir=" + profile.FullName, "about:blank"])
        {
            start.ArgumentList.Add(argument);
        }

        Chromium browser = new(Process.Start(start)!, profile);
        browser.process.ErrorDataReceived += (_, _) => { };
        browser.process.OutputDataReceived += (_, _) => { };
        browser.process.BeginErrorReadLine();
        browser.process.BeginOutputReadLine();
        try
        {
            string file = Path.Combine(profile.FullName, "DevToolsActivePort");
            string[] port;
            while (!File.Exists(file) || (port = await File.ReadAllLinesAsync(file, cancellationToken)).Length < 2)
            {
                if (browser.process.HasExited) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{Program} ended with {browser.process.ExitCode} before it listened."));
                await Task.Delay(50, cancellationToken);
            }

            await browser.socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port[0]}{port[1]}"), cancellationToken);
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }

        return browser;
    }

    /// <summary>Opens a page and waits until all of it is there.</summary>
    public async Task<ChromiumPage> OpenAsync(string file, CancellationToken cancellationToken)
    {
        JsonElement target = await SendAsync(null, "Target.createTarget", new JsonObject { ["url"] = "about:blank" }, cancellationToken);
        JsonElement session = await SendAsync(null, "Target.attachToTarget", new JsonObject { ["targetId"] = target.GetProperty("targetId").GetString(), ["flatten"] = true }, cancellationToken);
        ChromiumPage page = new(this, session.GetProperty("sessionId").GetString()!, new Uri(Path.GetFullPath(file)).AbsoluteUri);
        await page.LoadAsync(cancellationToken);
        return page;
    }

    public async Task<JsonElement> SendAsync(string? session, string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        int id = ++number;
        JsonObject message = new() { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null) message["sessionId"] = session;
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        while (true)
        {
            JsonElement answer = await ReceiveAsync(cancellationToken);
            if (!answer.TryGetProperty("id", out JsonElement found)) events.Add(answer);
            else if (found.GetInt32() == id) return answer.TryGetProperty("result", out JsonElement result) ? result : throw new InvalidOperationException($"{method}: {answer}");
        }
    }

    /// <summary>What the browser has told about a page.</summary>
    public IEnumerable<JsonElement> Events(string session, string method) => events
        .Where(told => told.TryGetProperty("sessionId", out JsonElement of) && of.GetString() == session && told.GetProperty("method").GetString() == method)
        .Select(told => told.GetProperty("params"));

    public async Task WaitAsync(string session, string method, CancellationToken cancellationToken)
    {
        while (!Events(session, method).Any())
        {
            JsonElement told = await ReceiveAsync(cancellationToken);
            if (!told.TryGetProperty("id", out _)) events.Add(told);
        }
    }

    private async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken)
    {
        using MemoryStream message = new();
        byte[] buffer = new byte[1 << 16];
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer), cancellationToken);
            message.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return JsonSerializer.Deserialize<JsonElement>(message.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        try
        {
            profile.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A helper of the browser may still be writing; the system clears its temporary folder.
        }
    }
}
