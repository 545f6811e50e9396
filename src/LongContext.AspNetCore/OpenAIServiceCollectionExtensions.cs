using LongContext.AspNetCore.Serving;
using LongContext.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LongContext.AspNetCore;

/// <summary>Adds what an OpenAI-compatible server needs beside its models.</summary>
public static class OpenAIServiceCollectionExtensions
{
    /// <summary>Adds the server's parts; the models come by <c>AddLongContext</c>, the paths by <see cref="OpenAIEndpointRouteBuilderExtensions.MapLongContextOpenAI"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options. Default null: all defaults.</param>
    /// <returns>The services.</returns>
    /// <remarks>Kestrel's limits on bodies, headers and connections are set as the options say, for the whole application.</remarks>
    public static IServiceCollection AddLongContextOpenAI(this IServiceCollection services, Action<OpenAIServerOptions>? configure = null) => Add(services, section: null, configure);

    /// <summary>As above, from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The configuration of <see cref="OpenAIServerOptions"/>; a key that is none of theirs is an error.</param>
    /// <param name="configure">Changes what the configuration says. Default null.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddLongContextOpenAI(this IServiceCollection services, IConfiguration section, Action<OpenAIServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Add(services, section, configure);
    }

    private static IServiceCollection Add(IServiceCollection services, IConfiguration? section, Action<OpenAIServerOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<OpenAIServerOptions> options = services.AddOptions<OpenAIServerOptions>();
        if (section is not null)
        {
            options.Configure(_ => LongContextServiceCollectionExtensions.RequireUsable(section, typeof(OpenAIServerOptions), Options.DefaultName));
            options.Bind(section, binder => binder.ErrorOnUnknownConfiguration = true);
            services.AddSingleton<IHostedService>(provider => new ConfigurationWatch("the server", section, provider.GetRequiredService<ILoggerFactory>().CreateLogger("LongContext.AspNetCore")));
        }

        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OpenAIServerOptions>, OpenAIServerOptionsValidator>());
        options.ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AccessControl>();
        services.TryAddSingleton<BodyBudget>();
        services.TryAddSingleton<PromptLogprobBudget>();
        services.TryAddSingleton<AnswerLogprobBudget>();
        services.TryAddSingleton<ModelDirectory>();
        services.TryAddSingleton<PromptLimit>();
        services.TryAddSingleton<CompletionServer>();
        services.TryAddSingleton<PlainEndpoints>();
        services.AddHostedService<AddressCheck>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<OpenAIServerOptions>>(Limit);
        return services;
    }

    private static void Limit(KestrelServerOptions kestrel, IOptions<OpenAIServerOptions> options)
    {
        OpenAIServerOptions limits = options.Value;
        kestrel.AddServerHeader = false;
        // The server itself says, in its protocol's words, that a body is too large; Kestrel counts the frames of chunks, too.
        kestrel.Limits.MaxRequestBodySize = (2 * limits.MaximumBodyBytes) + (64 << 10);
        kestrel.Limits.MaxRequestHeadersTotalSize = limits.MaximumHeaderBytes;
        kestrel.Limits.MaxRequestLineSize = Math.Min(kestrel.Limits.MaxRequestLineSize, limits.MaximumHeaderBytes);
        kestrel.Limits.MaxConcurrentConnections = limits.MaximumConnections;
        kestrel.Limits.RequestHeadersTimeout = limits.HeadersTimeout;
    }
}
