using LongContext.Checkpoints;
using LongContext.Cpu.Attention;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Models.Families;
using LongContext.Training.Memory;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace LongContext.Generation.Scheduling;

/// <summary>How an engine's options become a runner and a number of bytes.</summary>
internal static class EngineMemory
{
    /// <summary>Shares of memory that may be in use: others grow into a machine's, hardly anybody into a GPU's.</summary>
    private const double HostUtilization = 0.8, GpuUtilization = 0.9;

    /// <summary>A process with its libraries, before anything of a model is there.</summary>
    private const long CpuRuntimeBytes = 205L << 20, GpuRuntimeBytes = 600L << 20;

    /// <summary>A runner as the options ask for it.</summary>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    public static IModelRunner Runner(CausalLanguageModel model, GenerationEngineOptions options)
    {
        options.Validate();
        return ModelRunners.Create(model, new RunnerOptions
        {
            Threads = options.Threads ?? 0,
            MaximumTokens = options.StepTokens,
            CacheFormat = Format(options),
        }, options.Logger);
    }

    /// <summary>What an engine's memory is used for, as things are now.</summary>
    /// <param name="model">The model, in memory already; null in tests, where there is nothing but the cache.</param>
    /// <param name="known">What the engine knows of it.</param>
    /// <param name="runner">Made already; what it has put aside for steps counts as not used yet.</param>
    /// <param name="options">How the machine is used.</param>
    /// <param name="cacheBytes">What the cache may take whatever the options say; null for what they say.</param>
    public static GenerationMemoryPlan Plan(CausalLanguageModel? model, EngineModel known, IModelRunner runner, GenerationEngineOptions options, long? cacheBytes)
    {
        bool onGpu = known.DeviceMemory is not null;
        MachineMemory memory = known.DeviceMemory ?? MachineMemory.Now();
        List<GenerationMemoryItem> items = [];
        double perCacheByte = 0;
        if (model is not null)
        {
            long weights = model.Parameters.Values.Sum(tensor => tensor.numel() * tensor.element_size());
            items.Add(new GenerationMemoryItem("weights", weights));
            items.Add(new GenerationMemoryItem("in use otherwise", Math.Max(0, memory.Total - memory.Left - weights)));
            var steps = new StepMemory(model.Shape, model.DataType, runner is CpuModelRunner, options);
            items.AddRange(steps.Items(known.ContextLength));
            perCacheByte = steps.BytesPerCacheByte;
        }

        GenerationMemoryPlan plan = Plan(memory.Total, onGpu, items, perCacheByte, runner.Pages, known.ContextLength, options, cacheBytes);
        if (plan.Fits) options.Logger?.LogInformation("The engine's memory: {Plan}.", plan);
        else options.Logger?.LogWarning("The engine's memory: {Plan}.", plan);
        return plan;
    }

    /// <summary>What an engine's memory would be used for, on a machine that has nothing else to do.</summary>
    public static GenerationMemoryPlan Plan(ModelConfig config, long memoryBytes, GenerationEngineOptions options, ScalarType dataType, WeightQuantization quantization, bool onGpu)
    {
        DecoderShape shape = ModelFamily.ReadShape(config);
        bool byKernels = !onGpu && dataType != ScalarType.Float64;
        var steps = new StepMemory(shape, dataType, byKernels, options);
        List<GenerationMemoryItem> items =
        [
            new("weights", new WeightMemory(new MemoryRequest { Config = config, DataType = dataType, WeightQuantization = quantization }, shape).Weights),
            new("in use otherwise", onGpu ? GpuRuntimeBytes : CpuRuntimeBytes),
            .. steps.Items(ModelText.Window(config)),
        ];
        var groups = new CacheGroups(shape.Layers);
        int pageTokens = new RunnerOptions().PageTokens;
        using IPageStore pages = byKernels
            ? new CpuPageStore(groups, new CacheLayout(shape.KeyValueHeadCount, shape.HeadDimension, pageTokens, CpuModelRunner.CacheFormatOf(Format(options), dataType)))
            : new TorchPageStore(groups, new TensorCacheFormat(Format(options), dataType, CPU), pageTokens, shape.KeyValueHeadCount, shape.HeadDimension, CPU);
        return Plan(memoryBytes, onGpu, items, steps.BytesPerCacheByte, pages, ModelText.Window(config), options, cacheBytes: null);
    }

    private static GenerationMemoryPlan Plan(
        long total, bool onGpu, List<GenerationMemoryItem> items, double perCacheByte, IPageStore pages, int contextLength, GenerationEngineOptions options, long? cacheBytes)
    {
        var needs = new CacheNeeds(pages.Groups, pages.PageTokens);
        long usable = (long)(total * (options.MemoryUtilization ?? (onGpu ? GpuUtilization : HostUtilization))), left = usable - items.Sum(item => item.Bytes), chosen;
        if ((cacheBytes ?? options.CacheBytes) is { } bytes)
        {
            chosen = bytes;
        }
        else if (options.CacheTokens is { } tokens)
        {
            chosen = needs.Bytes(tokens, options.StepTokens);
        }
        else
        {
            long most = (long)Math.Min(long.MaxValue / 2, (double)options.MaximumSequences * needs.Bytes(contextLength, options.StepTokens));
            chosen = Math.Max(Math.Min((long)(left / (1 + perCacheByte)), most), needs.Bytes(1));
        }

        items.Add(new GenerationMemoryItem("keys and values", chosen));
        if (perCacheByte > 0) items.Add(new GenerationMemoryItem("keys and values of a layer, gathered", (long)(chosen * perCacheByte)));
        return new GenerationMemoryPlan(needs, options.StepTokens, options.MaximumSequences) { TotalBytes = total, UsableBytes = usable, Items = items, CacheBytes = chosen };
    }

    private static CacheFormat? Format(GenerationEngineOptions options) => options.CacheFormat switch
    {
        KeyValueCacheFormat.Float32 => CacheFormat.Float32,
        KeyValueCacheFormat.BFloat16 => CacheFormat.BFloat16,
        KeyValueCacheFormat.Float8 => CacheFormat.Float8,
        KeyValueCacheFormat.Int8 => CacheFormat.Int8,
        _ => null,
    };
}
