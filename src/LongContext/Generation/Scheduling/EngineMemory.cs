using LongContext.Checkpoints;
using LongContext.Cpu.Attention;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Models.Families;
using LongContext.Positions;
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
    private static IModelRunner Runner(CausalLanguageModel model, GenerationEngineOptions options)
    {
        options.Validate();
        return ModelRunners.Create(model, new RunnerOptions
        {
            Threads = options.Threads ?? 0,
            MaximumTokens = options.StepTokens,
            CacheFormat = Format(options),
            RoundsActivations = options.RoundsActivations,
        }, GuardedLogger.Of(options.Logger));
    }

    /// <summary>Runners of the model and of the draft model that the options name; that one is null for none. Where one cannot be made, none is left.</summary>
    /// <exception cref="ArgumentException">An option cannot be used, activations are to be rounded for a model without a matrix for that, or the draft model has another vocabulary.</exception>
    public static (IModelRunner Runner, IModelRunner? Draft) Runners(CausalLanguageModel model, GenerationEngineOptions options)
    {
        // What can be said beforehand is said before anything takes memory.
        options.Validate();
        if (options.DraftModel is { } named) DraftVocabulary.Check(model.Config, model.SourceFolder, named);
        IModelRunner runner = Runner(model, options);
        try
        {
            if (options.RoundsActivations && runner is not CpuModelRunner { RoundingMatrices: > 0 })
                throw new ArgumentException($"GenerationEngineOptions: RoundsActivations needs a model on the CPU with weights in int4 whose groups are whole blocks of 32, but the steps of this one are run by '{runner.Name}', and none of its matrices is so.");
            return (runner, options.DraftModel is { } draft ? Runner(draft, options) : null);
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>Divides memory between a model and its draft, so that both hold as many tokens. Where a number of tokens was asked for, the draft's come on top.</summary>
    public static (long Model, long Draft) Split(long bytes, IPageStore model, IPageStore draft, GenerationEngineOptions options)
    {
        if (options.CacheTokens is { } tokens) return (bytes, new CacheNeeds(draft.Groups, draft.PageTokens).Bytes(tokens, options.StepTokens));
        long part = (long)(bytes * DraftShare(model, draft));
        return (bytes - part, part);
    }

    /// <summary>The draft's share of memory that holds as many tokens for both.</summary>
    private static double DraftShare(IPageStore model, IPageStore draft)
    {
        CacheNeeds own = new(model.Groups, model.PageTokens), small = new(draft.Groups, draft.PageTokens);
        double each = (double)own.PageBytes / model.PageTokens, draftEach = (double)small.PageBytes / draft.PageTokens;
        return draftEach / (each + draftEach);
    }

    /// <summary>What an engine's memory is used for, as things are now.</summary>
    /// <param name="model">The model, in memory already; null in tests, where there is nothing but the cache.</param>
    /// <param name="known">What the engine knows of it.</param>
    /// <param name="runner">Made already; what it has put aside for steps counts as not used yet.</param>
    /// <param name="options">How the machine is used.</param>
    /// <param name="cacheBytes">What the cache may take whatever the options say; null for what they say.</param>
    /// <param name="draft">The draft model's runner; null without one.</param>
    /// <param name="promised">Bytes of the memory that other engines may still take; the system does not know of them.</param>
    public static GenerationMemoryPlan Plan(CausalLanguageModel? model, EngineModel known, IModelRunner runner, GenerationEngineOptions options, long? cacheBytes, IModelRunner? draft = null, long promised = 0)
    {
        bool onGpu = known.DeviceMemory is not null;
        MachineMemory memory = known.DeviceMemory ?? MachineMemory.Now();
        List<GenerationMemoryItem> items = [];
        StepMemory? steps = null, draftSteps = null;
        if (model is not null)
        {
            long weights = WeightBytes(model);
            items.Add(new GenerationMemoryItem("weights", weights));
            if (options.DraftModel is { } small)
            {
                weights += WeightBytes(small);
                draftSteps = AddDraft(items, small, draft is CpuModelRunner, options, model.Config.VocabularySize, known.ContextLength);
            }

            items.Add(new GenerationMemoryItem("in use otherwise", Math.Max(0, memory.Total - memory.Left - weights)));
            steps = new StepMemory(model.Shape, model.DataType, runner is CpuModelRunner, options);
            items.AddRange(steps.Items(known.ContextLength));
        }

        if (promised > 0) items.Add(new GenerationMemoryItem("promised to other engines", Math.Min(promised, memory.Left)));
        GenerationMemoryPlan plan = Plan(memory.Total, onGpu, items, runner.Pages, steps, draft?.Pages, draftSteps, known.ContextLength, known.Window, options, cacheBytes);
        ILogger? logger = GuardedLogger.Of(options.Logger);
        if (plan.Fits) logger?.LogInformation("The engine's memory: {Plan}.", plan);
        else logger?.LogWarning("The engine's memory: {Plan}.", plan);
        return plan;
    }

    /// <summary>What an engine's memory would be used for, on a machine that has nothing else to do.</summary>
    public static GenerationMemoryPlan Plan(ModelConfig config, long memoryBytes, GenerationEngineOptions options, ScalarType dataType, WeightQuantization quantization, bool onGpu)
    {
        if (options.DraftModel is { } named) DraftVocabulary.Check(config, folder: null, named);
        DecoderShape shape = ModelFamily.ReadShape(config);
        bool byKernels = !onGpu && dataType != ScalarType.Float64;
        var steps = new StepMemory(shape, dataType, byKernels, options);
        int contextLength = ModelText.Window(config);
        List<GenerationMemoryItem> items =
        [
            new("weights", new WeightMemory(new MemoryRequest { Config = config, DataType = dataType, WeightQuantization = quantization }, shape).Weights),
            new("in use otherwise", onGpu ? GpuRuntimeBytes : CpuRuntimeBytes),
            .. steps.Items(contextLength),
        ];
        using IModelRunner? draft = options.DraftModel is { } small ? Runner(small, options) : null;
        StepMemory? draftSteps = draft is null ? null : AddDraft(items, options.DraftModel!, draft is CpuModelRunner, options, config.VocabularySize, contextLength);
        var groups = new CacheGroups(shape.Layers);
        int pageTokens = new RunnerOptions().PageTokens;
        using IPageStore pages = byKernels
            ? new CpuPageStore(groups, new CacheLayout(shape.KeyValueHeadCount, shape.HeadDimension, pageTokens, CpuModelRunner.CacheFormatOf(Format(options), dataType)))
            : new TorchPageStore(groups, new TensorCacheFormat(Format(options), dataType, CPU), pageTokens, shape.KeyValueHeadCount, shape.HeadDimension, CPU);
        return Plan(memoryBytes, onGpu, items, pages, steps, draft?.Pages, draftSteps, contextLength, config.RopeScaling is DynamicNtkRopeScaling ? null : contextLength, options, cacheBytes: null);
    }

    /// <summary>Adds a draft model's weights, what its steps take, and what its guesses do.</summary>
    /// <param name="items">The parts of the plan.</param>
    /// <param name="model">The draft model.</param>
    /// <param name="byKernels">Whether the CPU's kernels run it.</param>
    /// <param name="options">The engine's.</param>
    /// <param name="vocabularySize">Tokens of the model that guesses are for.</param>
    /// <param name="contextLength">That model's: the texts are its.</param>
    private static StepMemory AddDraft(List<GenerationMemoryItem> items, CausalLanguageModel model, bool byKernels, GenerationEngineOptions options, int vocabularySize, int contextLength)
    {
        var steps = new StepMemory(model.Shape, model.DataType, byKernels, options, ofDraft: true);
        items.Add(new GenerationMemoryItem("weights of the draft model", WeightBytes(model)));
        items.AddRange(steps.Items(contextLength));
        items.Add(StepMemory.DrawnGuesses(options, vocabularySize));
        return steps;
    }

    /// <param name="total">Memory that there is.</param>
    /// <param name="onGpu">Whether it is a GPU's.</param>
    /// <param name="items">All parts but keys and values.</param>
    /// <param name="pages">The model's.</param>
    /// <param name="steps">What the model's steps take; null in tests, for nothing.</param>
    /// <param name="draft">The draft model's pages; null without one.</param>
    /// <param name="draftSteps">What its steps take; null without one and in tests.</param>
    /// <param name="contextLength">Tokens of a request at most.</param>
    /// <param name="window">The same where requests are held to it; null for any number.</param>
    /// <param name="options">The engine's.</param>
    /// <param name="cacheBytes">What keys and values may take whatever the options say; null for what they say.</param>
    private static GenerationMemoryPlan Plan(
        long total, bool onGpu, List<GenerationMemoryItem> items, IPageStore pages, StepMemory? steps, IPageStore? draft, StepMemory? draftSteps, int contextLength, int? window, GenerationEngineOptions options, long? cacheBytes)
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
            double share = draft is null ? 0 : DraftShare(pages, draft);
            double besides = ((1 - share) * (steps?.BytesPerCacheByte ?? 0)) + (share * (draftSteps?.BytesPerCacheByte ?? 0));
            chosen = Math.Max(Math.Min((long)(left / (1 + besides)), most), needs.Bytes(1));
        }

        long draftBytes = 0;
        if (draft is not null) (chosen, draftBytes) = Split(chosen, pages, draft, options);
        items.Add(new GenerationMemoryItem("keys and values", chosen));
        if (draft is not null) items.Add(new GenerationMemoryItem("keys and values of the draft model", draftBytes));
        if (steps is not null) items.Add(steps.OfCache(chosen));
        if (draftSteps is not null) items.Add(draftSteps.OfCache(draftBytes));
        return new GenerationMemoryPlan(needs, options.StepTokens, options.MaximumSequences) { TotalBytes = total, UsableBytes = usable, Items = items, CacheBytes = chosen, DraftCacheBytes = draftBytes, Window = options.AllowsBeyondContext ? null : window };
    }

    private static long WeightBytes(CausalLanguageModel model) => model.Parameters.Values.Sum(tensor => tensor.numel() * tensor.element_size());

    /// <summary>The cache's format that is asked for; null for the model's.</summary>
    public static CacheFormat? Format(GenerationEngineOptions options) => options.CacheFormat switch
    {
        KeyValueCacheFormat.Float32 => CacheFormat.Float32,
        KeyValueCacheFormat.BFloat16 => CacheFormat.BFloat16,
        KeyValueCacheFormat.Float8 => CacheFormat.Float8,
        KeyValueCacheFormat.Int8 => CacheFormat.Int8,
        _ => null,
    };
}
