using Microsoft.Extensions.Hosting;

namespace LongContext.Hosting;

/// <summary>Loads a model with its host and ends it in order.</summary>
internal sealed class ModelHostedService(LongContextModel model, ModelStartup startup) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (startup == ModelStartup.BeforeStart)
        {
            await model.LoadAsync(cancellationToken).ConfigureAwait(false);
        }
        else if (startup == ModelStartup.InBackground)
        {
            _ = model.Begin();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // A server beside it waits for its own requests when it is told to stop: those must be told before.
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        model.BeginStop();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => model.StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
