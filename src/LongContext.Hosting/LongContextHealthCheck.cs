using LongContext.Generation;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LongContext.Hosting;

/// <summary>Whether a hosted model answers.</summary>
internal sealed class LongContextHealthCheck(LongContextModel model) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ModelState state = model.State;
        var data = new Dictionary<string, object>
        {
            ["model"] = model.ModelId,
            ["state"] = state.ToString(),
            ["running"] = model.RunningRequests,
            ["running_limit"] = model.MaximumConcurrentRequests,
            ["waiting"] = model.WaitingRequests,
            ["waiting_limit"] = model.MaximumQueuedRequests,
        };
        if (model.Client is { } client && LongContextModel.ChatFormatName(client) is { } format) data["chat_format"] = format;
        if (model.EngineStatistics is { } engine) Add(data, engine);
        Exception? broken = model.Client?.GetService<GenerationEngine>()?.Failure;
        HealthStatus failure = context.Registration?.FailureStatus ?? HealthStatus.Unhealthy;
        (HealthStatus status, string text) = state switch
        {
            ModelState.Ready when broken is not null => (failure, "stopped with a fault"),
            ModelState.Ready when model.IsOverloaded => (HealthStatus.Degraded, "is overloaded: all places in its queue are taken"),
            ModelState.Ready => (HealthStatus.Healthy, "is ready"),
            ModelState.NotLoaded => (HealthStatus.Healthy, "is loaded when the first request comes"),
            ModelState.Loading => (failure, "is being loaded"),
            ModelState.Failed => (failure, "could not be loaded"),
            _ => (failure, "takes no more requests: the host stops"),
        };
        return Task.FromResult(new HealthCheckResult(status, $"The model \"{model.ModelId}\" {text}.", model.Failure ?? broken, data));
    }

    private static void Add(Dictionary<string, object> data, GenerationEngineStatistics engine)
    {
        data["engine_running"] = engine.RunningRequests;
        data["engine_waiting"] = engine.WaitingRequests;
        data["engine_completed"] = engine.CompletedRequests;
        data["engine_cancelled"] = engine.CancelledRequests;
        data["engine_failed"] = engine.FailedRequests;
        data["engine_steps"] = engine.Steps;
        data["engine_prompt_tokens"] = engine.PromptTokens;
        data["engine_reused_tokens"] = engine.ReusedTokens;
        data["engine_generated_tokens"] = engine.GeneratedTokens;
        data["engine_preemptions"] = engine.Preemptions;
        data["cache_bytes"] = engine.CacheBytes;
        data["cache_used_bytes"] = engine.UsedCacheBytes;
        data["cache_kept_bytes"] = engine.KeptCacheBytes;
        data["cache_committed_bytes"] = engine.CommittedCacheBytes;
    }
}
