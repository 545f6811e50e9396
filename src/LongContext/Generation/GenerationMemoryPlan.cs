using System.Globalization;
using LongContext.Checkpoints;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Generation;

/// <summary>
/// What a <see cref="GenerationEngine"/>'s memory is used for, part by part, and what fits into it: which lengths, and how many at once. By it an engine chooses how much its keys and values may take
/// where its options do not say, and it can be asked before there is an engine, or even a model.
/// </summary>
/// <remarks>
/// Memory is the GPU's where the model lies on one, else the machine's, or that of the container that the process runs in. What steps take is computed from the model's sizes; what is in use otherwise is
/// what the system reports when the plan is made; what other engines of the process were promised and do not hold yet is a part of its own. What lies above <see cref="UsableBytes"/> is a margin for others.
/// </remarks>
public sealed class GenerationMemoryPlan
{
    private readonly CacheNeeds needs;
    private readonly int stepTokens, maximumSequences;

    internal GenerationMemoryPlan(CacheNeeds needs, int stepTokens, int maximumSequences)
    {
        (this.needs, this.stepTokens, this.maximumSequences) = (needs, stepTokens, maximumSequences);
    }

    /// <summary>Memory that there is, in bytes.</summary>
    public long TotalBytes { get; internal init; }

    /// <summary>Memory that may be in use: <see cref="TotalBytes"/> by <see cref="GenerationEngineOptions.MemoryUtilization"/>.</summary>
    public long UsableBytes { get; internal init; }

    /// <summary>The parts, keys and values included.</summary>
    public IReadOnlyList<GenerationMemoryItem> Items { get; internal init; } = [];

    /// <summary>Bytes that keys and values may take, those of a draft model apart.</summary>
    public long CacheBytes { get; internal init; }

    /// <summary>Bytes that the keys and values of a draft model may take; 0 without one.</summary>
    public long DraftCacheBytes { get; internal init; }

    /// <summary>Tokens of the model's window, where requests are held to it; null where they may go beyond.</summary>
    internal int? Window { get; init; }

    /// <summary>Sum of the parts.</summary>
    public long PlannedBytes => Items.Sum(item => item.Bytes);

    /// <summary>Whether the parts are within <see cref="UsableBytes"/>. An engine whose options ask for more, or whose machine is full, is made all the same; its logger is warned.</summary>
    public bool Fits => PlannedBytes <= UsableBytes;

    /// <summary>Tokens of prompt and answer that one request may have.</summary>
    public int MaximumSequenceTokens => LongestSequence(needs, CacheBytes);

    /// <summary>What an engine of a model would plan now.</summary>
    /// <param name="model">The model, in memory.</param>
    /// <param name="options">The engine's; null for all defaults.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message lists all faults.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public static GenerationMemoryPlan For(CausalLanguageModel model, GenerationEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new GenerationEngineOptions();
        (Running.IModelRunner runner, Running.IModelRunner? draft) = EngineMemory.Runners(model, options);
        using (runner)
        using (draft)
        {
            var known = new EngineModel(model);
            return EngineMemory.Plan(model, known, runner, options, cacheBytes: null, draft, CacheLedger.Process.Outstanding(known.MemoryName));
        }
    }

    /// <summary>What an engine would plan on a machine or GPU that has nothing else to do, without a model there.</summary>
    /// <param name="config">The model's config.json.</param>
    /// <param name="memoryBytes">Memory of the machine or the GPU; positive.</param>
    /// <param name="options">The engine's; null for all defaults.</param>
    /// <param name="load">Type, quantisation and device of the weights; null, or no type, for bfloat16 on the CPU.</param>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static GenerationMemoryPlan For(ModelConfig config, long memoryBytes, GenerationEngineOptions? options = null, ModelLoadOptions? load = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryBytes, 1);
        options ??= new GenerationEngineOptions();
        options.Validate();
        return EngineMemory.Plan(config, memoryBytes, options, load?.DataType ?? ScalarType.BFloat16, load?.WeightQuantization ?? WeightQuantization.None, load?.Device is { type: not TorchSharp.DeviceType.CPU });
    }

    /// <summary>Bytes of keys and values that a request needs, at least: by this it is refused or taken.</summary>
    /// <param name="tokens">Tokens of prompt and answer, at least 1.</param>
    public long SequenceBytes(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        // The last token of an answer goes nowhere.
        return needs.Bytes(tokens - 1);
    }

    /// <summary>How many requests of a length are computed at once without taking memory from one another, where they have no tokens in common.</summary>
    /// <param name="tokens">Tokens of prompt and answer of each, at least 1.</param>
    /// <returns>Up to <see cref="GenerationEngineOptions.MaximumSequences"/>; 0 where not even one fits.</returns>
    public int MaximumSequences(int tokens)
    {
        if (SequenceBytes(tokens) > CacheBytes) return 0;
        return (int)Math.Clamp(CacheBytes / Math.Max(1, needs.Bytes(tokens - 1, stepTokens)), 1, maximumSequences);
    }

    /// <summary>The parts and what fits, in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Megabytes(PlannedBytes)} of {Megabytes(UsableBytes)} MB that may be used ({Megabytes(TotalBytes)} MB in all){(Fits ? string.Empty : ", which is too much")}: {string.Join(", ", Items.Select(item => $"{item.Name} {Megabytes(item.Bytes)}"))}; one request of up to {Math.Min(MaximumSequenceTokens, Window ?? int.MaxValue):N0} tokens");

    internal static int LongestSequence(CacheNeeds needs, long bytes) => Math.Min(int.MaxValue - 1, needs.LongestSequence(bytes)) + 1;

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("N0", CultureInfo.InvariantCulture);
}
