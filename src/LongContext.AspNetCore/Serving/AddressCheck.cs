using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace LongContext.AspNetCore.Serving;

/// <summary>Stops a host that would answer other machines without asking for a key.</summary>
internal sealed class AddressCheck(IServer server, AccessControl access) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (access.NeedsKeys || server.Features.Get<IServerAddressesFeature>() is not { } feature) return Task.CompletedTask;
        string[] open = [.. feature.Addresses.Where(address => !IsThisMachine(address))];
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
}
