using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using static TorchSharp.torch;

namespace LongContext.Hosting;

/// <summary>A model in a host: what is loaded, how it answers where a request does not say, and how much it takes on at once.</summary>
/// <remarks>Read from configuration, changed by a delegate, and validated when the host starts, all faults in one exception. Values are taken once, when the model is loaded.</remarks>
public sealed class LongContextOptions
{
    /// <summary>The Hugging Face folder of the model. Needed unless there is a <see cref="ClientFactory"/>.</summary>
    public string? ModelFolder { get; set; }

    /// <summary>The model's name in answers and metrics. Null (the default): the name under which it was added, else the folder's.</summary>
    public string? ModelId { get; set; }

    /// <summary>Where the weights go: "cpu" (the default), "cuda" or "cuda:1".</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>Type of the weights in memory: Float32, BFloat16 or Float16. Null (the default): as in <see cref="ModelLoadOptions.DataType"/>.</summary>
    public ScalarType? DataType { get; set; }

    /// <summary>Whether the layers' matrices are held in a few bits a value. Default <see cref="WeightQuantization.None"/>.</summary>
    public WeightQuantization WeightQuantization { get; set; }

    /// <summary>Tokens of prompt and answer together. Null (the default): the model's window.</summary>
    public int? ContextLength { get; set; }

    /// <summary>An extension of the positions in place of the one in config.json. Null (the default): config.json's.</summary>
    public RopeExtensionOptions? RopeExtension { get; set; }

    /// <summary>
    /// How tokens are chosen where a request does not say. Null (the default): as generation_config.json of the model's folder suggests, else greedily, and as long as window and memory
    /// allow where that states no length (<see cref="LongContextChatClientOptions.Generation"/>). From configuration, single values take the place of the file's, and the others stay; an instance that a
    /// delegate sets counts as it is, its length too.
    /// </summary>
    public GenerationOptions? Generation { get; set; }

    /// <summary>Whether generation_config.json of the model's folder says how tokens are chosen where <see cref="Generation"/> does not. Its stop tokens count either way. Default true.</summary>
    public bool UsesGenerationConfig { get; set; } = true;

    /// <summary>
    /// How the model computes many requests at once: memory of keys and values, tokens of a step, format of the cache, prefix reuse, threads. Its <see cref="GenerationEngineOptions.MaximumSequences"/> and
    /// <see cref="GenerationEngineOptions.StepTokens"/> are raised to <see cref="MaximumConcurrentRequests"/>, its logger is the host's where it has none. Default: all defaults.
    /// </summary>
    public GenerationEngineOptions Engine { get; set; } = new();

    /// <summary>Whether there is an engine; false has the model answer one request at a time. Default true.</summary>
    public bool UsesEngine { get; set; } = true;

    /// <summary>Whether the model thinks first where a request does not say. Null (the default): as the model's template has it.</summary>
    public bool? EnableThinking { get; set; }

    /// <summary>
    /// What conversations are written with, by name (<see cref="Chat.ChatFormat.KnownNames"/>: "llama3.1", "qwen3", "mistral-v3" and others). Null (the default): the folder's chat template. Where that is none that is known here,
    /// the model completes texts and refuses chats until this names one; without a template at all, messages are put together as plain text.
    /// </summary>
    public string? ChatFormat { get; set; }

    /// <summary>A format of one's own in place of <see cref="ChatFormat"/>. Default null. Cannot come from configuration.</summary>
    public ChatFormat? CustomChatFormat { get; set; }

    /// <summary>
    /// Blanks in answers that are held to a JSON schema, where a request does not say ("longcontext_json_whitespace"). Null (the default): none where the schema is strict, else limited ones.
    /// </summary>
    public JsonWhitespace? JsonWhitespace { get; set; }

    /// <summary>When the model is loaded. Default <see cref="ModelStartup.InBackground"/>.</summary>
    public ModelStartup Startup { get; set; }

    /// <summary>
    /// Requests that are given to the model at once, and that its engine computes at once; the others wait in the queue, by priority (<see cref="Evaluation.ChatOptionKeys.Priority"/>) and then in the
    /// order in which they came, though nobody is overtaken without end (<see cref="GenerationEngineOptions.OvertakingLimit"/> of <see cref="Engine"/>). Default 16.
    /// </summary>
    public int MaximumConcurrentRequests { get; set; } = 16;

    /// <summary>Requests that may wait; one more is refused by a <see cref="ModelOverloadedException"/>. Default 256; 0 for none.</summary>
    public int MaximumQueuedRequests { get; set; } = 256;

    /// <summary>How long a request may wait, for loading too, before it is refused. Default: two minutes.</summary>
    public TimeSpan QueueTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long requests on their way may take to finish when the host stops; then they are cancelled. Default: 20 seconds; the host itself waits 30.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Makes the client in place of loading <see cref="ModelFolder"/>: for a model with an adapter, or one at hand. Called once, off the start path; the client is disposed with the
    /// host. <see cref="Device"/>, <see cref="Generation"/>, <see cref="Engine"/> and whatever else says how to load do not count then. Default null. Cannot come from configuration.
    /// </summary>
    public Func<IServiceProvider, CancellationToken, Task<IChatClient>>? ClientFactory { get; set; }

    /// <summary>What configuration said of <see cref="Generation"/>, and the instance that was made of it.</summary>
    internal (IConfiguration Section, GenerationOptions? Bound)? GenerationSection { get; set; }

    /// <summary>How tokens are chosen, from all that say so, and where an answer ends that none of them gives a length (<see cref="LongContextChatClientOptions.AnswerEnd"/>).</summary>
    /// <exception cref="Checkpoints.CheckpointFormatException">generation_config.json is not what it must be.</exception>
    internal (GenerationOptions? Generation, int? AnswerEnd) FindGeneration()
    {
        bool takesFile = UsesGenerationConfig && ModelFolder is not null;
        if (Generation is null && takesFile) return (null, null);
        IConfiguration? section = GenerationSection is { } configured && ReferenceEquals(Generation, configured.Bound) ? configured.Section : null;
        if (Generation is not null && section is null) return (Generation, null);
        GenerationConfig? file = takesFile ? GenerationConfig.LoadIfPresent(ModelFolder!) : null;
        GenerationOptions found = file is null ? new GenerationOptions() : GenerationOptions.FromConfig(file);
        section?.Bind(found);
        return (found, section?[nameof(GenerationOptions.MaximumNewTokens)] is null ? ClientDefaults.AnswerEnd(file) : null);
    }

    /// <summary>The engine's options with room for all requests that are given to it.</summary>
    internal GenerationEngineOptions EngineForAll()
    {
        int sequences = Math.Max(Engine.MaximumSequences, MaximumConcurrentRequests);
        return Engine with { MaximumSequences = sequences, StepTokens = Math.Max(Engine.StepTokens, sequences) };
    }
}
