using LongContext.Cpu.Attention;
using LongContext.Cuda;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Linear;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Steps on an NVIDIA GPU. Those in which every sequence has a few new tokens run wholly by kernels of LongContext.Cuda, over weights and a paged cache where they
/// lie, as one captured graph: such a step reads all weights once, and what bounds it is the GPU's memory. Others, as chunks of prompts, and sequences under a
/// remapping of positions run by the model's modules over the same cache.
/// </summary>
/// <remarks>
/// Products and norms of a row do not depend on other rows by one bit. Attention's splits are chosen for all sequences of a step together and by their lengths
/// (rounded up), so that batched equals alone to the rounding of float32 sums, and equals itself by every bit where lengths and company are the same.
/// Modules and kernels round at different places.
/// </remarks>
internal sealed class CudaModelRunner : IModelRunner
{
    /// <summary>Tokens of a step that kernels run; products of more use the GPU better as matrices of libtorch's.</summary>
    private const int MostTokens = 2 * LinearKernel.MostRows;

    /// <summary>New tokens of a sequence that attention of decoding takes.</summary>
    private const int MostSequenceTokens = 16;

    /// <summary>Shapes of steps that are kept.</summary>
    private const int MostEntries = 48;

    private readonly CausalLanguageModel model;
    private readonly CudaContext context;
    private readonly CudaPageStore store;
    private readonly TorchModelRunner modules;
    private readonly CudaStep step;
    private readonly CudaStream stream;
    private readonly DecodingShape[] attention;
    private readonly Dictionary<CudaStepShape, CudaStepEntry> entries = [];
    private CudaWeights? weights;
    private int rotaryVersion;
    private int logitRows;
    private bool byModules;
    private bool disposed;

    /// <summary>A runner of a model on a GPU.</summary>
    /// <param name="model">The model; stays the caller's, and is used by nobody else while a step runs.</param>
    /// <param name="options">Page size, tokens of a step.</param>
    /// <exception cref="NotSupportedException">The model is none for these kernels; the message says why.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaModelRunner(CausalLanguageModel model, RunnerOptions options)
        : this(model, options, ContextOf(model, options), CudaDevice.Get(Math.Max(0, model.Device.index)).MemoryBytes)
    {
    }

    /// <summary>Over a context for which the addresses of the model's tensors are good, with that many bytes of addresses for each group of the cache.</summary>
    internal CudaModelRunner(CausalLanguageModel model, RunnerOptions options, CudaContext context, long addressBytes, long chunkBytes = 16L << 20)
    {
        options.Validate();
        if (WhyNotModel(model, options) is { } reason) throw new NotSupportedException($"The GPU's kernels cannot run this model: {reason}.");
        (this.model, this.context) = (model, context);
        DecoderShape shape = model.Shape;
        var groups = new CacheGroups(shape.Layers);
        attention =
        [
            .. groups.Windows.Select(window => new DecodingShape
            {
                Element = model.DataType == ScalarType.BFloat16 ? CacheElement.BFloat16 : CacheElement.Float16,
                Heads = shape.HeadCount, KeyHeads = shape.KeyValueHeadCount, HeadSize = shape.HeadDimension, WindowLeft = window - 1,
            }),
        ];
        store = new CudaPageStore(context, groups, model, options.PageTokens, addressBytes, chunkBytes);
        modules = new TorchModelRunner(model, options, _ => store);
        stream = new CudaStream(context);
        step = new CudaStep(context, model, groups, store, MostTokens);
    }

    /// <inheritdoc />
    public string Name => "cuda";

    /// <inheritdoc />
    public int VocabularySize => model.Shape.VocabularySize;

    /// <inheritdoc />
    public int MaximumTokens => modules.MaximumTokens;

    /// <inheritdoc />
    public IPageStore Pages => store;

    /// <inheritdoc />
    public bool SupportsRemapping => true;

    /// <summary>Steps that were run by kernels, and of these as graphs.</summary>
    public (long Kernels, long Graphs) Steps { get; private set; }

    /// <summary>Why steps are not captured as graphs; null where they are.</summary>
    public string? GraphFault { get; private set; }

    /// <summary>Why the kernels cannot run a model; null where they can.</summary>
    public static string? WhyNot(CausalLanguageModel model, RunnerOptions options)
    {
        if (model.Device.type != TorchSharp.DeviceType.CUDA) return $"the model lies on {model.Device}";
        if (!CudaDevice.IsAvailable) return $"there is no GPU: {CudaDevice.UnavailableReason}";
        if (WhyNotModel(model, options) is { } reason) return reason;
        CudaContext context = CudaContext.ForDevice(Math.Max(0, model.Device.index));
        Version capability = context.Architecture.ComputeCapability;
        return capability.Major < 8
            ? $"the GPU has compute capability {capability}; 8.0 is needed"
            : context.WhyNotLoadable(Modules(model));
    }

    /// <inheritdoc />
    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        model.ThrowIfDisposed();
        StepChecks.Check(batch, MaximumTokens);
        (logitRows, byModules) = (0, false);
        if (batch.TokenCount == 0) return;
        cancellationToken.ThrowIfCancellationRequested();
        if (!IsForKernels(batch) || !HasWeights())
        {
            byModules = true;
            modules.Run(batch, cancellationToken);
            return;
        }

        RunKernels(batch);
        logitRows = batch.LogitCount;
    }

    /// <inheritdoc />
    public Span<float> Logits(int row)
    {
        if (byModules) return modules.Logits(row);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, logitRows);
        return step.Logits(row);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        Forget();
        step.Dispose();
        weights?.Dispose();
        stream.Dispose();
        modules.Dispose();
    }

    private static bool IsForKernels(StepBatch batch)
    {
        if (batch.TokenCount > MostTokens) return false;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            if (sequence.TokenCount > MostSequenceTokens || sequence.Remapping is not null || sequence.Sinks is not null || sequence.Choice is not null || sequence.Dropped > 0) return false;
        }

        return true;
    }

    /// <summary>What a step loads, so that a driver that does not take it is known of before.</summary>
    internal static string[] Modules(CausalLanguageModel model)
    {
        bool bfloat16 = model.DataType == ScalarType.BFloat16;
        string type = bfloat16 ? "bf16" : "f16";
        return
        [
            .. DecodingAttention.Modules(bfloat16 ? CacheElement.BFloat16 : CacheElement.Float16, model.Shape.HeadDimension),
            $"sm_80/linear_plain_{type}", $"sm_80/rows_{type}", $"sm_80/cache_append_{type}", $"sm_80/rms_norm_forward_{type}",
        ];
    }

    private static string? WhyNotModel(CausalLanguageModel model, RunnerOptions options)
    {
        if (options.CacheFormat is { } format && !(format == CacheFormat.BFloat16 && model.DataType == ScalarType.BFloat16)) return $"the cache is to be in {format}; these kernels keep the model's type";
        return CudaWeights.WhyNot(model);
    }

    private static CudaContext ContextOf(CausalLanguageModel model, RunnerOptions options)
    {
        options.Validate();
        if (WhyNot(model, options) is { } reason) throw new NotSupportedException($"The GPU's kernels cannot run this model: {reason}.");
        return CudaContext.ForDevice(Math.Max(0, model.Device.index));
    }

    private void RunKernels(StepBatch batch)
    {
        // What libtorch and copies of pages put on the default stream comes first; this stream does not wait for it by itself.
        context.Synchronize();
        Reserve(batch);
        CudaStepShape shape = CudaStepShape.Of(batch, store.PageTokens);
        CudaStepEntry entry = EntryOf(shape);
        entry.Fill(batch);
        try
        {
            Start(shape, entry);
        }
        catch
        {
            // What was put on the stream before the fault still reads the inputs and the cache.
            WaitAfterFault();
            throw;
        }

        stream.Synchronize();
        Steps = (Steps.Kernels + 1, Steps.Graphs);
    }

    private void Start(CudaStepShape shape, CudaStepEntry entry)
    {
        if (entry.Version != Version)
        {
            // The first one loads kernels and makes memory, which a capture may not.
            entry.Keep(null);
            step.Run(weights!, shape, entry.Inputs, entry.Plans, stream.Handle);
            entry.Version = Version;
            return;
        }

        if (entry.Graph is null && GraphFault is null) Capture(shape, entry);
        if (entry.Graph is { } graph)
        {
            graph.Launch(stream.Handle);
            Steps = (Steps.Kernels, Steps.Graphs + 1);
        }
        else
        {
            step.Run(weights!, shape, entry.Inputs, entry.Plans, stream.Handle);
        }
    }

    /// <summary>Makes a graph of a step; where the driver does not, steps run kernel by kernel from here on, which is slower and no less right.</summary>
    private void Capture(CudaStepShape shape, CudaStepEntry entry)
    {
        try
        {
            entry.Keep(stream.Capture(
                (Runner: this, Shape: shape, Entry: entry),
                static (state, handle) => state.Runner.step.Run(state.Runner.weights!, state.Shape, state.Entry.Inputs, state.Entry.Plans, handle)));
        }
        catch (CudaException fault)
        {
            GraphFault = fault.Message;
        }
    }

    private void WaitAfterFault()
    {
        try
        {
            stream.Synchronize();
        }
        catch (CudaException)
        {
            // The first fault is the one to be told.
        }
    }

    /// <summary>Changes whenever something that graphs have the address of lies elsewhere.</summary>
    private int Version => step.Version + rotaryVersion;

    private CudaStepEntry EntryOf(CudaStepShape shape)
    {
        if (entries.TryGetValue(shape, out CudaStepEntry? known)) return known;
        if (entries.Count == MostEntries) Forget();
        var made = new CudaStepEntry(context, shape, attention, store, weights!.Rotaries);
        entries.Add(shape, made);
        return made;
    }

    private void Reserve(StepBatch batch)
    {
        int longest = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences) longest = Math.Max(longest, sequence.CachedTokens + sequence.TokenCount);
        foreach (CudaRotary rotary in weights!.Rotaries)
        {
            if (!rotary.DependsOnLength && rotary.Reserve(longest)) rotaryVersion++;
        }
    }

    /// <summary>Reads weights that are not the ones that were read: after an adapter was merged or taken off, or the rotary settings were changed. False where modules must do it.</summary>
    private bool HasWeights()
    {
        if (weights is { AreCurrent: true }) return true;
        Forget();
        weights?.Dispose();
        weights = null;
        if (CudaWeights.WhyNot(model) is not null) return false;
        weights = new CudaWeights(model, context);
        return true;
    }

    private void Forget()
    {
        foreach (CudaStepEntry entry in entries.Values) entry.Dispose();
        entries.Clear();
    }
}
