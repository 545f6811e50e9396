using LongContext.Cpu.Attention;
using LongContext.Cuda;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Linear;
using LongContext.Cuda.Pointwise;
using LongContext.Generation.Sampling;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Steps on an NVIDIA GPU. Sequences with a few new tokens run by kernels of LongContext.Cuda, over weights and a paged cache where they lie, as one captured
/// graph: that reads all weights once, and what bounds it is the GPU's memory. Others, as chunks of prompts, and sequences that drop tokens or remap positions
/// run beside it by the model's modules over the same cache.
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

    /// <summary>Share of the free memory that the cache takes where it must take all at once: prompts' steps need some too.</summary>
    private const double PlainShare = 0.6;

    /// <summary>Positions that there are rows of rotations for from the beginning: 64 MiB where heads have 128 numbers.</summary>
    private const int MostLikelyTokens = 1 << 17;

    private readonly CausalLanguageModel model;
    private readonly CudaContext context;
    private readonly CudaPageStore store;
    private readonly TorchModelRunner modules;
    private readonly CudaStep step;
    private readonly CudaStream stream;
    private readonly DecodingShape[] attention;
    private readonly Dictionary<CudaStepShape, CudaStepEntry> entries = [];
    private readonly int mostEntries;
    private readonly StepBatch kernelPart = new(MostTokens, MostTokens);
    private readonly StepBatch modulePart;
    private readonly int[] places;
    private CudaStepEntry? last;
    private CudaWeights? weights;
    private int rotaryVersion;
    private int logitRows;
    private bool disposed;

    /// <summary>A runner of a model on a GPU.</summary>
    /// <param name="model">The model; stays the caller's, and is used by nobody else while a step runs.</param>
    /// <param name="options">Page size, tokens of a step.</param>
    /// <exception cref="NotSupportedException">The model is none for these kernels; the message says why.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaModelRunner(CausalLanguageModel model, RunnerOptions options)
        : this(model, options, ContextOf(model, options), AddressBytes(model))
    {
    }

    /// <summary>Over a context for which the addresses of the model's tensors are good, with that many bytes of addresses for each group of the cache.</summary>
    internal CudaModelRunner(CausalLanguageModel model, RunnerOptions options, CudaContext context, long addressBytes, long chunkBytes = 16L << 20, int mostEntries = MostEntries)
    {
        this.mostEntries = mostEntries;
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
                Codes = CodesOf(options), Heads = shape.HeadCount, KeyHeads = shape.KeyValueHeadCount, HeadSize = shape.HeadDimension, WindowLeft = window - 1,
            }),
        ];
        store = new CudaPageStore(context, groups, model, options.PageTokens, addressBytes, chunkBytes, CodesOf(options));
        modules = new TorchModelRunner(model, options, _ => store);
        stream = new CudaStream(context);
        step = new CudaStep(context, model, groups, store, MostTokens);
        modulePart = new StepBatch(modules.MaximumTokens, modules.MaximumTokens);
        places = new int[modules.MaximumTokens];
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

    /// <summary>Steps that were run by kernels, wholly or in part, and of these as graphs.</summary>
    public (long Kernels, long Graphs) Steps { get; private set; }

    /// <summary>Shapes of steps that are kept.</summary>
    internal int EntryCount => entries.Count;

    /// <summary>Bytes that the cache holds whether it has pages or not, because the driver gives memory all at once; mostly 0.</summary>
    public long PlainBytes => store.PlainBytes;

    /// <summary>Why steps are not captured as graphs; null where they are.</summary>
    public string? GraphFault { get; private set; }

    /// <summary>Told once, when steps turn out not to be captured.</summary>
    public Action<string>? GraphFailed { get; set; }

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
            : context.WhyNotLoadable(Modules(model, options));
    }

    /// <inheritdoc />
    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        model.ThrowIfDisposed();
        StepChecks.Check(batch, MaximumTokens);
        logitRows = 0;
        if (batch.TokenCount == 0) return;
        cancellationToken.ThrowIfCancellationRequested();
        Divide(batch, HasWeights());
        if (kernelPart.SequenceCount == 0) modules.Run(batch, cancellationToken);
        else if (modulePart.SequenceCount == 0) RunKernels(batch, beside: null, cancellationToken);
        else RunKernels(kernelPart, modulePart, cancellationToken);
        logitRows = batch.LogitCount;
    }

    /// <inheritdoc />
    public Span<float> Logits(int row)
    {
        int place = PlaceOf(row);
        return place < 0 ? modules.Logits(~place) : step.Logits(place, stream);
    }

    /// <inheritdoc />
    public bool TryCandidates(int row, out TokenCandidates candidates)
    {
        int place = PlaceOf(row), count = place < 0 ? 0 : last!.Inputs.CandidatesOf(place);
        candidates = count == 0 ? default : step.Candidates(place, count);
        return count > 0;
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

    /// <summary>Where a row of the step's logits is: the kernels' row, or the complement of the modules'.</summary>
    private int PlaceOf(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, logitRows);
        return places[row];
    }

    /// <summary>Deals a step's sequences out to kernels and modules, and notes where their rows of logits will be.</summary>
    private void Divide(StepBatch batch, bool withKernels)
    {
        kernelPart.Clear();
        modulePart.Clear();
        int row = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            bool byKernels = withKernels && IsForKernels(sequence) && sequence.TokenCount <= MostTokens - kernelPart.TokenCount;
            int first = (byKernels ? kernelPart : modulePart).Add(sequence, batch.Tokens.Slice(sequence.TokenStart, sequence.TokenCount));
            for (int i = 0; i < sequence.LogitCount; i++) places[row++] = byKernels ? first + i : ~(first + i);
        }
    }

    private static bool IsForKernels(in StepSequence sequence) =>
        sequence.TokenCount <= MostSequenceTokens && sequence.Remapping is null && sequence.Sinks is null && sequence.Choice is null && sequence.Dropped == 0;

    /// <summary>What a step loads, so that a driver that does not take it is known of before.</summary>
    internal static string[] Modules(CausalLanguageModel model, RunnerOptions options)
    {
        bool coded = CodesOf(options) != CacheCodes.None;
        bool bfloat16 = model.DataType == ScalarType.BFloat16;
        string type = bfloat16 ? "bf16" : "f16";
        return
        [
            .. DecodingAttention.Modules(bfloat16 ? CacheElement.BFloat16 : CacheElement.Float16, model.Shape.HeadDimension, coded), .. coded ? (string[])[$"sm_80/coded_rows_{type}"] : [],
            .. CudaWeights.Formats(model).Select(format => LinearKernel.Module(format, bfloat16 ? ElementType.BFloat16 : ElementType.Float16)),
            $"sm_80/rows_{type}", $"sm_80/cache_append_{(coded ? "coded_" : "")}{type}", $"sm_80/rms_norm_forward_{type}", "sm_80/candidates_f32",
        ];
    }

    private static string? WhyNotModel(CausalLanguageModel model, RunnerOptions options)
    {
        bool isModels = options.CacheFormat is null || (options.CacheFormat == CacheFormat.BFloat16 && model.DataType == ScalarType.BFloat16);
        if (!isModels && CodesOf(options) == CacheCodes.None) return $"the cache is to be in {options.CacheFormat}; these kernels keep the model's type, int8 or float8";
        return CudaWeights.WhyNot(model);
    }

    /// <summary>Addresses for each group of the cache: as many as the GPU has memory, or a share of what is free where addresses come with memory.</summary>
    private static long AddressBytes(CausalLanguageModel model)
    {
        CudaDevice device = CudaDevice.Get(Math.Max(0, model.Device.index));
        if (CudaArena.ManagesVirtualMemory(CudaContext.ForDevice(device.Ordinal))) return device.MemoryBytes;
        int groups = new CacheGroups(model.Shape.Layers).Windows.Count;
        return Math.Max(1, (long)((device.MemoryBytes - (device.MemoryInUse ?? device.MemoryBytes / 2)) * PlainShare / groups));
    }

    private static CacheCodes CodesOf(RunnerOptions options) => options.CacheFormat switch
    {
        CacheFormat.Int8 => CacheCodes.Int8,
        CacheFormat.Float8 => CacheCodes.Float8,
        _ => CacheCodes.None,
    };

    private static CudaContext ContextOf(CausalLanguageModel model, RunnerOptions options)
    {
        options.Validate();
        if (WhyNot(model, options) is { } reason) throw new NotSupportedException($"The GPU's kernels cannot run this model: {reason}.");
        return CudaContext.ForDevice(Math.Max(0, model.Device.index));
    }

    /// <summary>Runs a step's kernels, and beside them modules of other sequences.</summary>
    private void RunKernels(StepBatch batch, StepBatch? beside, CancellationToken cancellationToken)
    {
        // What libtorch and copies of pages put on the default stream comes first; this stream does not wait for it by itself.
        context.Synchronize();
        Reserve(batch);
        CudaStepShape shape = CudaStepShape.Of(batch, store.PageTokens);
        CudaStepEntry entry = last = EntryOf(shape);
        entry.Fill(batch);
        step.Begin(shape);
        try
        {
            Start(shape, entry);
            FetchRows(batch.LogitCount, entry.Inputs);
            // Their sequences have pages of their own, and the two streams nothing in common that either writes.
            if (beside is not null) modules.Run(beside, cancellationToken);
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

    /// <summary>Puts copies of the rows that are wanted themselves behind the step, those that lie together in one.</summary>
    private void FetchRows(int rows, CudaStepInputs inputs)
    {
        for (int row = 0; row < rows; row++)
        {
            int first = row;
            while (row < rows && inputs.CandidatesOf(row) == 0) row++;
            if (row > first) step.Fetch(first, row - first, stream.Handle);
        }
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
            GraphFailed?.Invoke(fault.Message);
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
        if (!entries.TryGetValue(shape, out CudaStepEntry? entry))
        {
            if (entries.Count >= mostEntries) ForgetOldest();
            entry = new CudaStepEntry(context, shape, attention, store, weights!.Rotaries, step.MostCandidates);
            entries.Add(shape, entry);
        }

        entry.LastUse = Steps.Kernels;
        return entry;
    }

    private void ForgetOldest()
    {
        (CudaStepShape oldest, long use) = (default, long.MaxValue);
        foreach ((CudaStepShape shape, CudaStepEntry entry) in entries)
        {
            if (entry.LastUse < use) (oldest, use) = (shape, entry.LastUse);
        }

        entries.Remove(oldest, out CudaStepEntry? forgotten);
        forgotten?.Dispose();
    }

    /// <summary>Tokens of a sequence, as far as model and cache reach and tables of positions cost little.</summary>
    private int LikelyLength => Math.Min(MostLikelyTokens, Math.Min(model.Config.MaxPositionEmbeddings, store.TokenCapacity));

    private void Reserve(StepBatch batch)
    {
        int longest = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences) longest = Math.Max(longest, sequence.CachedTokens + sequence.TokenCount);
        foreach (CudaRotary rotary in weights!.Rotaries)
        {
            // For all lengths that may come, once: tables that grow make all graphs useless.
            if (!rotary.DependsOnLength && rotary.Reserve(rotary.Cosines == 0 ? Math.Max(longest, LikelyLength) : longest)) rotaryVersion++;
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
        last = null;
    }
}
