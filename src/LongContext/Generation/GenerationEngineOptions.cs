using LongContext.Models;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation;

/// <summary>How a <see cref="GenerationEngine"/> uses the machine. Validated when the engine is made, all faults in one exception.</summary>
public sealed record GenerationEngineOptions
{
    /// <summary>
    /// Memory for keys and values, in bytes. Null (the default): what <see cref="CacheTokens"/> take, or, where that is null too, what <see cref="MemoryUtilization"/> leaves beside all else
    /// (<see cref="GenerationMemoryPlan"/>), and no more than <see cref="MaximumSequences"/> of the model's whole window need. It is taken page by page as it is needed, and given back when the engine has nothing to do.
    /// </summary>
    public long? CacheBytes { get; init; }

    /// <summary>Memory for keys and values, as the tokens of one sequence that it shall hold. Null (the default): see <see cref="CacheBytes"/>; one of the two at most.</summary>
    public int? CacheTokens { get; init; }

    /// <summary>
    /// Share of the memory of the device (of a container, where one is limited) that may be in use when the cache is full, weights and other programs included; in (0, 1]. Counts where neither
    /// <see cref="CacheBytes"/> nor <see cref="CacheTokens"/> is given. Null (the default): 0.9 on a GPU, 0.8 of a machine's memory, which others grow into too.
    /// </summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>
    /// Tokens that the model computes in one step, at most: the next token of each running sequence first, the rest for prompts, which go through in chunks. More make prompts faster, fewer make the
    /// steps of the others shorter. Far on in a long text, where each token sees much, chunks have fewer tokens, so that a step takes no longer for it. At least <see cref="MaximumSequences"/>. Default 512.
    /// </summary>
    public int StepTokens { get; init; } = 512;

    /// <summary>Requests computed at once, at most; the others wait. Default 64.</summary>
    public int MaximumSequences { get; init; } = 64;

    /// <summary>
    /// Whether prompts and answers may be longer than the model's window: to measure what becomes of the model there. Default false: a longer prompt is refused with a
    /// <see cref="Evaluation.PromptTooLongException"/>, and an answer ends where the window does (<see cref="GenerationFinishReason.Length"/>). With Self-Extend or dual chunk attention the window is what the remapping
    /// can show the model, with <see cref="AttentionSinks"/> that fit into it and whose positions are counted in the cache any length, and a model with dynamic NTK, whose frequencies follow the length, has none.
    /// </summary>
    /// <remarks>A chat client holds its requests to its own window, and says itself whether they may go beyond (<see cref="LongContextChatClientOptions.AllowsBeyondContext"/>).</remarks>
    public bool AllowsBeyondContext { get; init; }

    /// <summary>Requests that may wait, at most; one more is refused with a <see cref="GenerationQueueFullException"/>. Null (the default) for no limit.</summary>
    public int? QueueLimit { get; init; }

    /// <summary>
    /// Likeliest tokens that a request may have kept with their log-probabilities, of its prompt and its answer together: places times as many as <see cref="GenerationOptions.PromptLogProbabilities"/> and
    /// <see cref="GenerationOptions.LogProbabilities"/> ask for, the answer as long as it may be. 8 bytes each; a request that asks for more is refused. 0 or more. Default 16,777,216 (128 MiB).
    /// </summary>
    public int MaximumLogProbabilities { get; init; } = 1 << 24;

    /// <summary>
    /// The same of all requests on their way, those that wait included; one that goes beyond is refused with a <see cref="GenerationQueueFullException"/>. At least <see cref="MaximumLogProbabilities"/>.
    /// Default 67,108,864 (512 MiB).
    /// </summary>
    public long MaximumLogProbabilitiesTogether { get; init; } = 1 << 26;

    /// <summary>
    /// How often requests of higher priorities may begin before older ones of lower priority: then the oldest of these goes before all others, until its answer is complete, and the count begins anew. So
    /// those of low priority get a share however many others come, and nobody waits for ever. At least 1. Default 16; null: any number of times, priorities are strict.
    /// </summary>
    public int? OvertakingLimit { get; init; } = 16;

    /// <summary>
    /// Whether keys and values are kept after a request, so that another one that begins with the same tokens (a shared instruction, the next turn of a conversation) need not compute them.
    /// They are given up, the longest unused first, as soon as running requests need the memory. Default true.
    /// </summary>
    public bool ReusesPrefixes { get; init; } = true;

    /// <summary>Share of the cache's memory that may hold what is kept for other requests, in [0, 1]. Default 1.</summary>
    public double KeptShare { get; init; } = 1;

    /// <summary>
    /// Host memory, in bytes, that kept keys and values go to when the device's memory is needed, instead of being lost. Counts only where the model does not lie in host memory anyway. Default 0: none.
    /// </summary>
    public long OffloadBytes { get; init; }

    /// <summary>How keys and values are held. Default: in the type that the model computes in.</summary>
    public KeyValueCacheFormat CacheFormat { get; init; }

    /// <summary>
    /// Whether activations are rounded to 8 bits, in blocks of 32 with a scale each, before they are multiplied with weights in int4 (groups of whole blocks of 32, of GPTQ, AWQ, GGUF's Q4_0, or made here): as
    /// llama.cpp does. The products are then of integers, which the CPU does faster; what is computed for a request still depends on nothing else that runs, to the last bit. It costs accuracy beside what
    /// int4 has cost already (see the guide for how much); other weights are multiplied as ever. On the CPU only: refused where no matrix is multiplied so. Default false.
    /// </summary>
    public bool RoundsActivations { get; init; }

    /// <summary>
    /// A small model with the same tokenizer that guesses next tokens for requests with <see cref="GenerationOptions.Speculation"/>; stays the caller's, and must outlive the engine. Its vocabulary may be
    /// filled up to another size. Its keys and values take their part of
    /// <see cref="CacheBytes"/> (beside <see cref="CacheTokens"/>, as many tokens of its own). Null (the default) for none.
    /// </summary>
    public CausalLanguageModel? DraftModel { get; init; }

    /// <summary>Threads that compute on the CPU. Null (the default): as many as there are cores.</summary>
    public int? Threads { get; init; }

    /// <summary>Clock of all times that are reported. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Told what was chosen, and of faults. Null (the default) for nobody.</summary>
    public ILogger? Logger { get; init; }

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        List<string> faults = [];
        if (CacheBytes is < 1) faults.Add($"CacheBytes must be positive, but is {CacheBytes}");
        if (CacheTokens is < 1) faults.Add($"CacheTokens must be positive, but is {CacheTokens}");
        if (CacheBytes is not null && CacheTokens is not null) faults.Add("CacheBytes and CacheTokens are both given, expected one of them");
        if (MaximumSequences < 1) faults.Add($"MaximumSequences must be at least 1, but is {MaximumSequences}");
        if (MemoryUtilization is { } share && !(share is > 0 and <= 1)) faults.Add($"MemoryUtilization must be in (0, 1], but is {share}");
        if (OvertakingLimit is < 1) faults.Add($"OvertakingLimit must be at least 1, but is {OvertakingLimit}");
        if (StepTokens < 1 || StepTokens < MaximumSequences) faults.Add($"StepTokens must be at least 1 and at least MaximumSequences ({MaximumSequences}), but is {StepTokens}");
        if (QueueLimit is < 0) faults.Add($"QueueLimit must not be negative, but is {QueueLimit}");
        if (MaximumLogProbabilities < 0) faults.Add($"MaximumLogProbabilities must not be negative, but is {MaximumLogProbabilities}");
        if (MaximumLogProbabilitiesTogether < MaximumLogProbabilities)
            faults.Add($"MaximumLogProbabilitiesTogether must be at least MaximumLogProbabilities ({MaximumLogProbabilities}), but is {MaximumLogProbabilitiesTogether}");
        if (!(KeptShare is >= 0 and <= 1)) faults.Add($"KeptShare must be in [0, 1], but is {KeptShare}");
        if (OffloadBytes < 0) faults.Add($"OffloadBytes must not be negative, but is {OffloadBytes}");
        if (!Enum.IsDefined(CacheFormat)) faults.Add($"CacheFormat is {(int)CacheFormat}, which is none of {string.Join(", ", Enum.GetNames<KeyValueCacheFormat>())}");
        if (Threads is < 1) faults.Add($"Threads must be at least 1, but is {Threads}");
        if (TimeProvider is null) faults.Add("TimeProvider is null");
        if (faults.Count > 0) throw new ArgumentException("GenerationEngineOptions: " + string.Join("; ", faults) + ".");
    }
}
