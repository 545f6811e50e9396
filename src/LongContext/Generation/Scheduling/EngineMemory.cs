using LongContext.Cpu.Attention;
using LongContext.Generation.Running;
using LongContext.Models;
using Microsoft.Extensions.Logging;

namespace LongContext.Generation.Scheduling;

/// <summary>How an engine's options become a runner and a number of bytes.</summary>
internal static class EngineMemory
{
    /// <summary>A runner as the options ask for it.</summary>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    public static IModelRunner Runner(CausalLanguageModel model, GenerationEngineOptions options)
    {
        options.Validate();
        return ModelRunners.Create(model, new RunnerOptions
        {
            Threads = options.Threads ?? 0,
            MaximumTokens = options.StepTokens,
            CacheFormat = options.CacheFormat switch
            {
                KeyValueCacheFormat.Float32 => CacheFormat.Float32,
                KeyValueCacheFormat.BFloat16 => CacheFormat.BFloat16,
                KeyValueCacheFormat.Float8 => CacheFormat.Float8,
                KeyValueCacheFormat.Int8 => CacheFormat.Int8,
                _ => null,
            },
        }, options.Logger);
    }

    /// <summary>A runner of the draft model that the options name, and what an engine must know of it; null for none.</summary>
    /// <exception cref="ArgumentException">It has another vocabulary.</exception>
    public static (EngineModel Model, IModelRunner Runner)? Draft(CausalLanguageModel model, GenerationEngineOptions options)
    {
        if (options.DraftModel is not { } draft) return null;
        int own = draft.Config.VocabularySize, needed = model.Config.VocabularySize;
        return own == needed
            ? (new EngineModel(draft), Runner(draft, options))
            : throw new ArgumentException($"GenerationEngineOptions: DraftModel has a vocabulary of {own} tokens, expected the model's, which has {needed}.", nameof(options));
    }

    /// <summary>Divides memory between a model and its draft, so that both hold as many tokens. Where a number of tokens was asked for, the draft's come on top.</summary>
    public static (long Model, long Draft) Split(long bytes, IPageStore model, IPageStore draft, GenerationEngineOptions options)
    {
        CacheNeeds own = new(model.Groups, model.PageTokens), small = new(draft.Groups, draft.PageTokens);
        if (options.CacheTokens is { } tokens) return (bytes, small.Bytes(tokens, options.StepTokens));
        double each = (double)own.PageBytes / model.PageTokens, draftEach = (double)small.PageBytes / draft.PageTokens;
        long part = (long)(bytes * (draftEach / (each + draftEach)));
        return (bytes - part, part);
    }

    /// <summary>Bytes that the cache may take.</summary>
    public static long CacheBytes(EngineModel model, IPageStore pages, GenerationEngineOptions options)
    {
        var needs = new CacheNeeds(pages.Groups, pages.PageTokens);
        if (options.CacheBytes is { } bytes) return bytes;
        if (options.CacheTokens is { } tokens) return needs.Bytes(tokens, options.StepTokens);
        // On a GPU nobody else wants much; on the host others do.
        long left = model.FreeDeviceBytes is { } free ? (long)(free * 0.85) : HostBytesLeft() / 2;
        long most = (long)Math.Min(long.MaxValue / 2, (double)options.MaximumSequences * needs.Bytes(model.ContextLength, options.StepTokens));
        long chosen = Math.Max(Math.Min(left, most), needs.Bytes(1));
        options.Logger?.LogInformation("The cache of keys and values may take {Bytes} bytes: {Tokens} tokens of one sequence.", chosen, needs.LongestSequence(chosen));
        return chosen;
    }

    private static long HostBytesLeft()
    {
        GCMemoryInfo machine = GC.GetGCMemoryInfo();
        // Before the first collection the load is not known; the process itself is the least of it.
        return Math.Max(0, machine.TotalAvailableMemoryBytes - Math.Max(machine.MemoryLoadBytes, Environment.WorkingSet));
    }
}
