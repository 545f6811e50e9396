using LongContext.Generation.Scheduling;
using LongContext.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext.Generation;

/// <summary>The engine of a client that loads its model.</summary>
internal static partial class ClientEngine
{
    /// <summary>An engine as the options ask for it; null where requests are answered one at a time.</summary>
    public static GenerationEngine? Create(CausalLanguageModel model, LongContextChatClientOptions options)
    {
        if (options.Engine is not { } asked) return null;
        ILogger? logger = asked.Logger ?? options.Loading.Logger;
        if (WhyOneAtATime(model, options.Generation ?? new GenerationOptions()) is not { } reason) return new GenerationEngine(model, asked with { Logger = logger });
        LogOneAtATime(logger ?? NullLogger.Instance, reason);
        return null;
    }

    /// <summary>What in a client's options an engine refuses for this model; null for nothing.</summary>
    private static string? WhyOneAtATime(CausalLanguageModel model, GenerationOptions generation)
    {
        if (generation.RerotateCachedKeys && new EngineModel(model).DependsOnLength) return nameof(GenerationOptions.RerotateCachedKeys);
        return generation.DropsContextAtOriginalWindow && model.CacheEndsAt is not null ? nameof(GenerationOptions.DropsContextAtOriginalWindow) : null;
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Requests are answered one at a time: GenerationOptions.{Option} is what an engine cannot do.")]
    private static partial void LogOneAtATime(ILogger logger, string option);
}
