using LongContext.AspNetCore.Serving;
using LongContext.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.AspNetCore;

/// <summary>Puts the OpenAI protocol under an application's paths.</summary>
public static class OpenAIEndpointRouteBuilderExtensions
{
    private static readonly string[] Reading = ["GET", "HEAD"];
    private static readonly string[] Asking = ["POST"];

    /// <summary>
    /// Maps <c>POST /chat/completions</c>, <c>POST /completions</c>, <c>GET /models</c> and <c>GET /models/{id}</c> below a prefix, answers whatever else is asked there in the protocol's words, and
    /// maps <c>GET /health</c> at the root.
    /// </summary>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="prefix">What stands before the paths; empty for nothing, which takes all paths that the application has no other endpoint for. Default "/v1".</param>
    /// <param name="healthPath">Where health is asked for; null for nowhere. Default "/health".</param>
    /// <returns>The paths below the prefix, for further conventions.</returns>
    /// <exception cref="InvalidOperationException"><see cref="OpenAIServiceCollectionExtensions"/> was not called, or no model was added.</exception>
    public static IEndpointConventionBuilder MapLongContextOpenAI(this IEndpointRouteBuilder endpoints, string prefix = "/v1", string? healthPath = "/health")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        CompletionServer completions = Needed<CompletionServer>(endpoints.ServiceProvider);
        PlainEndpoints plain = Needed<PlainEndpoints>(endpoints.ServiceProvider);
        prefix = prefix.Trim('/') is { Length: > 0 } path ? "/" + path : "";
        var methods = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [prefix + "/chat/completions"] = "POST",
            [prefix + "/completions"] = "POST",
            [prefix + "/models"] = "GET",
            // Whatever is below it.
            [prefix + "/models/"] = "GET",
        };
        RouteGroupBuilder group = endpoints.MapGroup(prefix);
        group.MapMethods("/chat/completions", Asking, (RequestDelegate)completions.ChatAsync);
        group.MapMethods("/completions", Asking, (RequestDelegate)completions.CompleteAsync);
        group.MapMethods("/models", Reading, (RequestDelegate)plain.ModelsAsync);
        // Names of models may have slashes in them.
        group.MapMethods("/models/{**id}", Reading, (RequestDelegate)plain.ModelAsync);
        group.Map("/{**rest}", (RequestDelegate)(context => plain.UnknownAsync(context, methods))).WithOrder(int.MaxValue);
        if (healthPath is not null) endpoints.MapMethods(healthPath, Reading, (RequestDelegate)plain.HealthAsync);
        return group;
    }

    private static T Needed<T>(IServiceProvider services)
        where T : class =>
        services.GetService<LongContextModels>() is null ? throw new InvalidOperationException("No model was added: call AddLongContext or AddKeyedLongContext (package LongContext.Hosting) on the services, beside AddLongContextOpenAI.") : services.GetService<T>() ?? throw new InvalidOperationException($"{nameof(OpenAIServiceCollectionExtensions.AddLongContextOpenAI)} was not called on the services.");
}
