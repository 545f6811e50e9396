using System.Text.Json.Serialization.Metadata;
using LongContext.AspNetCore.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore.Serving;

/// <summary>What is answered without a model: lists, health, and paths that are not there.</summary>
internal sealed class PlainEndpoints(AccessControl access, ModelDirectory models, HealthCheckService health, IOptions<OpenAIServerOptions> options, TimeProvider clock)
{
    public Task ModelsAsync(HttpContext context) => AnswerAsync(context, () => (models.List(), ProtocolJson.Plain.ModelList));

    public Task ModelAsync(HttpContext context) => AnswerAsync(context, () => (models.Entry(Name((string)context.Request.RouteValues["id"]!)), ProtocolJson.Plain.ModelEntry));

    /// <summary>
    /// 200 where every model is well or degraded, else 503; the application's other checks are not run. Asks for no key, for who balances loads has none; but what a check says of itself is for those who may ask.
    /// </summary>
    public Task HealthAsync(HttpContext context) => GuardAsync(context, async writer =>
    {
        HealthReport report = await health.CheckHealthAsync(check => check.Tags.Contains("longcontext"), context.RequestAborted).ConfigureAwait(false);
        bool trusted = access.Accepts(context);
        HealthEntry[] checks = [.. report.Entries.Select(entry => new HealthEntry(entry.Key, Name(entry.Value.Status), trusted ? entry.Value.Description : null))];
        context.Response.Headers.CacheControl = "no-store";
        await writer.WriteAsync(report.Status == HealthStatus.Unhealthy ? 503 : 200, new HealthBody(Name(report.Status), checks), ProtocolJson.Plain.HealthBody).ConfigureAwait(false);
    });

    /// <summary>A path, or a method of one, that is not there.</summary>
    public Task UnknownAsync(HttpContext context, IReadOnlyDictionary<string, string> methods) => AnswerAsync<ErrorBody>(context, () =>
    {
        string path = context.Request.Path.Value ?? "", shown = path.Length > 200 ? path[..200] + "…" : path, method = context.Request.Method;
        foreach ((string known, string allow) in methods)
        {
            bool isThere = known.EndsWith('/') ? path.StartsWith(known, StringComparison.OrdinalIgnoreCase) : path.TrimEnd('/').Equals(known, StringComparison.OrdinalIgnoreCase);
            if (isThere) throw ProtocolException.WrongMethod(method, shown, allow);
        }

        throw ProtocolException.UnknownPath(method, shown);
    });

    private Task AnswerAsync<T>(HttpContext context, Func<(T Body, JsonTypeInfo<T> Type)> answer) => GuardAsync(context, writer =>
    {
        access.Check(context);
        (T body, JsonTypeInfo<T> type) = answer();
        return writer.WriteAsync(200, body, type);
    });

    private async Task GuardAsync(HttpContext context, Func<AnswerWriter, Task> answer)
    {
        var writer = new AnswerWriter(context, options.Value, clock);
        try
        {
            try
            {
                await answer(writer).ConfigureAwait(false);
            }
            catch (ProtocolException fault)
            {
                await writer.WriteErrorAsync(fault).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or does not read.
            context.Abort();
        }
    }

    /// <summary>A model's name in a path, where servers leave an escaped slash as it is.</summary>
    private static string Name(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static string Name(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
