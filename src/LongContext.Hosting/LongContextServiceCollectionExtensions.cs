using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.ML.Tokenizers;

namespace LongContext.Hosting;

/// <summary>Adds models to a host.</summary>
/// <remarks>
/// Each model brings an <see cref="IChatClient"/>, a <see cref="Tokenizer"/> and a <see cref="LongContextModel"/> (singletons; with a name as keyed services), an entry in
/// <see cref="LongContextModels"/>, options validated at start, a health check ("longcontext", or "longcontext:NAME"; tag "longcontext"), and the measurements "longcontext.hosting.*" of the meter
/// "LongContext". It is loaded and ended with the host.
/// </remarks>
public static class LongContextServiceCollectionExtensions
{
    /// <summary>Adds a model, the one that is meant where none is named.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder for what stands before the model: logging, telemetry, a cache.</returns>
    /// <exception cref="InvalidOperationException">One was added before.</exception>
    public static ChatClientBuilder AddLongContext(this IServiceCollection services, Action<LongContextOptions> configure) => Add(services, "", null, Needed(configure));

    /// <summary>Adds a model, the one that is meant where none is named.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The configuration of <see cref="LongContextOptions"/>; a key that is none of theirs is an error.</param>
    /// <param name="configure">Changes what the configuration says. Default null.</param>
    /// <returns>A builder for what stands before the model: logging, telemetry, a cache.</returns>
    /// <exception cref="InvalidOperationException">One was added before.</exception>
    public static ChatClientBuilder AddLongContext(this IServiceCollection services, IConfiguration section, Action<LongContextOptions>? configure = null) =>
        Add(services, "", Needed(section), configure);

    /// <summary>Adds a model under a name, by which its services are keyed.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, not empty.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>A builder for what stands before the model: logging, telemetry, a cache.</returns>
    /// <exception cref="InvalidOperationException">One of that name was added before.</exception>
    public static ChatClientBuilder AddKeyedLongContext(this IServiceCollection services, string name, Action<LongContextOptions> configure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(services, name, null, Needed(configure));
    }

    /// <summary>Adds a model under a name, by which its services are keyed.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, not empty.</param>
    /// <param name="section">The configuration of <see cref="LongContextOptions"/>; a key that is none of theirs is an error.</param>
    /// <param name="configure">Changes what the configuration says. Default null.</param>
    /// <returns>A builder for what stands before the model: logging, telemetry, a cache.</returns>
    /// <exception cref="InvalidOperationException">One of that name was added before.</exception>
    public static ChatClientBuilder AddKeyedLongContext(this IServiceCollection services, string name, IConfiguration section, Action<LongContextOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(services, name, Needed(section), configure);
    }

    private static ChatClientBuilder Add(IServiceCollection services, string name, IConfiguration? section, Action<LongContextOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ImplementationInstance is ModelName other && other.Name == name))
            throw new InvalidOperationException(name.Length == 0 ? "A model without a name was added before: give this one a name." : $"A model \"{name}\" was added before.");
        services.AddSingleton(new ModelName(name));

        OptionsBuilder<LongContextOptions> options = services.AddOptions<LongContextOptions>(name);
        if (section is not null)
        {
            options.Configure(_ => RequireUsable(section, typeof(LongContextOptions), name));
            options.Bind(section, binder => binder.ErrorOnUnknownConfiguration = true);
            options.Configure(bound => bound.GenerationSection = (section.GetSection(nameof(LongContextOptions.Generation)), bound.Generation));
        }

        if (configure is not null) options.Configure(configure);
        services.AddSingleton<IValidateOptions<LongContextOptions>>(new LongContextOptionsValidator(name));
        options.ValidateOnStart();

        services.AddKeyedSingleton(name, (provider, _) => new LongContextModel(
            name, Options(provider, name), provider, Log(provider)));
        services.AddSingleton<IHostedService>(provider => new ModelHostedService(provider.GetRequiredKeyedService<LongContextModel>(name), Options(provider, name).Startup));
        services.TryAddSingleton(provider => new LongContextModels(provider, provider.GetServices<ModelName>()));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name.Length == 0 ? "longcontext" : $"longcontext:{name}", provider => new LongContextHealthCheck(provider.GetRequiredKeyedService<LongContextModel>(name)), failureStatus: null, ["longcontext"]));
        services.AddKeyedSingleton(name, (provider, _) => Tokenizer(provider, name));
        if (section is not null)
            services.AddSingleton<IHostedService>(provider => new ConfigurationWatch($"the model \"{provider.GetRequiredKeyedService<LongContextModel>(name).ModelId}\"", section, Log(provider)));
        if (name.Length == 0)
        {
            // Other names for the keyed ones, by which the library itself asks: an application may add another client or tokenizer later, which is the one that is meant where none is named.
            // The container ends what it has made under each name; that is done twice then, and does not mind.
            services.AddSingleton(provider => provider.GetRequiredKeyedService<LongContextModel>(name));
            services.AddSingleton(provider => provider.GetRequiredKeyedService<Tokenizer>(name));
            services.AddSingleton(provider => provider.GetRequiredKeyedService<IChatClient>(name));
        }

        return services.AddKeyedChatClient(name, provider => new HostedChatClient(provider.GetRequiredKeyedService<LongContextModel>(name)));
    }

    /// <summary>Refuses what binding would refuse in poorer words, or leave unheeded.</summary>
    /// <exception cref="OptionsValidationException">Something is; the message lists all.</exception>
    internal static void RequireUsable(IConfiguration configuration, Type type, string name)
    {
        string[] faults = configuration is IConfigurationSection section ? [.. ConfigurationFaults.Of(section, type)] : [];
        if (faults.Length > 0) throw new OptionsValidationException(name, type, [$"{type.Name}: {string.Join("; ", faults)}."]);
    }

    private static ILogger Log(IServiceProvider provider) => provider.GetService<ILoggerFactory>()?.CreateLogger("LongContext.Hosting") ?? NullLogger.Instance;

    private static LongContextOptions Options(IServiceProvider provider, string name) => provider.GetRequiredService<IOptionsMonitor<LongContextOptions>>().Get(name);

    /// <summary>The model's own where it is loaded, else from its folder: a tokenizer is wanted long before the weights are read.</summary>
    private static Tokenizer Tokenizer(IServiceProvider provider, string name)
    {
        LongContextModel model = provider.GetRequiredKeyedService<LongContextModel>(name);
        LongContextOptions options = Options(provider, name);
        if (model.Client?.GetService<Tokenizer>() is { } loaded) return loaded;
        return options.ClientFactory is null ? HuggingFaceTokenizer.Load(options.ModelFolder!)
            : throw new InvalidOperationException($"The model \"{model.ModelId}\" is made by a factory and is not ready or has no tokenizer: wait for {nameof(LongContextModel)}.{nameof(LongContextModel.LoadAsync)} first.");
    }

    private static T Needed<T>(T value)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
