using System.Net;
using System.Net.Sockets;
using LongContext.AspNetCore;
using Microsoft.Extensions.AI;
using LongContext.Hosting;
using LongContext.Samples.Shared;
using Microsoft.Extensions.Options;

namespace LongContext.Samples.ChatServer;

/// <summary>The whole server: a model, the protocol, and where it listens.</summary>
internal static class ChatServerApplication
{
    /// <summary>Serves until it is asked to end.</summary>
    /// <exception cref="UsageException">The settings cannot be used, or not here.</exception>
    public static async Task RunAsync(ChatServerSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            await ServeAsync(settings, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // That is how a server ends.
        }
        catch (Exception e) when (e is OptionsValidationException or InvalidOperationException or SocketException)
        {
            throw new UsageException(e.Message);
        }
    }

    private static async Task ServeAsync(ChatServerSettings settings, CancellationToken cancellationToken)
    {
        if (settings.Port is < 0 or > 65535) throw new UsageException($"--port is {settings.Port}, expected 0 to 65535.");
        if (!IPAddress.TryParse(settings.Address, out IPAddress? address)) throw new UsageException($"--address is \"{settings.Address}\", expected an IP address.");
        IReadOnlyDictionary<string, string> keys = KeyFile.Read(settings.Keys);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(address, settings.Port));

        builder.Services.AddLongContext(builder.Configuration.GetSection("LongContext"), model =>
        {
            model.ModelFolder = settings.Model ?? model.ModelFolder;
            if (model.ModelFolder is null) (model.ModelFolder, model.ModelId) = (WordModel.Folder, "word-model");
            model.Device = settings.Device ?? model.Device;
            model.ContextLength = settings.ContextLength ?? model.ContextLength;
            if (settings.CacheTokens is { } tokens) model.Engine = model.Engine with { CacheTokens = tokens, CacheBytes = null };
        }).UseLogging();
        builder.Services.AddLongContextOpenAI(builder.Configuration.GetSection("Server"), server =>
        {
            foreach ((string holder, string key) in keys) server.ApiKeys[holder] = key;
        });

        await using WebApplication app = builder.Build();
        app.MapLongContextOpenAI();
        await app.StartAsync(cancellationToken);
        foreach (string url in app.Urls) Console.WriteLine($"Listening on {url}/v1 (model \"{app.Services.GetRequiredService<LongContextModel>().ModelId}\").");
        await app.WaitForShutdownAsync(cancellationToken);
    }
}
