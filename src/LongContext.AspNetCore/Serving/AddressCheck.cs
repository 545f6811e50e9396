using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LongContext.AspNetCore.Serving;

/// <summary>Stops a host that would answer other machines without asking for a key, and warns of one whose keys can be read on their way.</summary>
internal sealed partial class AddressCheck(IServer server, AccessControl access, ILogger<AddressCheck> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (server.Features.Get<IServerAddressesFeature>() is not { } feature) return Task.CompletedTask;
        string[] open = [.. feature.Addresses.Where(address => !IsThisMachine(address))];
        if (access.NeedsKeys)
        {
            string[] readable = [.. open.Where(address => address.StartsWith("http:", StringComparison.OrdinalIgnoreCase))];
            if (readable.Length > 0) LogReadable(logger, string.Join(", ", readable));
            return Task.CompletedTask;
        }

        if (open.Length == 0) return Task.CompletedTask;
        throw new InvalidOperationException(
            $"The server listens on {string.Join(", ", open)}, where other machines reach it, but {nameof(OpenAIServerOptions)}.{nameof(OpenAIServerOptions.ApiKeys)} is empty: give keys, or listen on 127.0.0.1.");
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool IsThisMachine(string address)
    {
        BindingAddress binding = BindingAddress.Parse(address);
        return binding.IsUnixPipe || binding.IsNamedPipe || AccessControl.IsThisMachine(binding.Host);
    }

    [LoggerMessage(1, LogLevel.Warning, "API keys and texts go over {Addresses} as they are, where anybody on the way can read them: listen with TLS, or on 127.0.0.1 behind a proxy that has it.")]
    private static partial void LogReadable(ILogger logger, string addresses);
}
