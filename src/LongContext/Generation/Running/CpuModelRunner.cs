using System.Runtime.InteropServices;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Steps by the kernels of LongContext.Cpu over the model's weights where they lie. Activations are float32. What is computed for a row depends on its own
/// sequence alone, to the bit. In steady state nothing is allocated on the managed heap.
/// </summary>
internal sealed unsafe partial class CpuModelRunner : IModelRunner
{
    /// <summary>Rows that go through an MLP together: enough to use each weight well, and few enough that the inner rows take little memory.</summary>
    private const int MlpRows = 240;

    private readonly CausalLanguageModel model;
    private readonly DecoderShape shape;
    private readonly CacheGroups groups;
    private readonly CpuPageStore store;
    private readonly CpuTeam team;
    private readonly CpuStep step;
    private readonly PagedAttention attention = new();
    private readonly NativeBuffer low = new();
    private readonly NativeBuffer logits = new();
    private readonly NativeBuffer sinkQueries = new();
    private readonly NativeBuffer votes = new();
    private readonly int projected;
    private readonly bool roundsActivations;
    private CpuWeights weights;
    private bool forgotten;
    private float* x;
    private float* normed;
    private float* added;
    private float* heads;
    private float* inner;
    private int logitRows;
    private bool disposed;

    /// <summary>A runner of a model.</summary>
    /// <param name="model">The model; stays the caller's, and is used by nobody else while a step runs.</param>
    /// <param name="options">Threads, page size, cache format, tokens of a step.</param>
    /// <exception cref="NotSupportedException">The model is none for these kernels; the message says why.</exception>
    public CpuModelRunner(CausalLanguageModel model, RunnerOptions options)
    {
        options.Validate();
        if (WhyNot(model) is { } reason) throw new NotSupportedException($"The CPU's kernels cannot run this model: {reason}.");
        this.model = model;
        shape = model.Shape;
        MaximumTokens = options.MaximumTokens;
        groups = new CacheGroups(shape.Layers);
        CacheFormat format = CacheFormatOf(options.CacheFormat, model.DataType);
        store = new CpuPageStore(groups, new CacheLayout(shape.KeyValueHeadCount, shape.HeadDimension, options.PageTokens, format));
        step = new CpuStep(groups, store, new CpuKeyMaps());
        projected = (shape.HeadCount + (2 * shape.KeyValueHeadCount)) * shape.HeadDimension;
        roundsActivations = options.RoundsActivations;
        weights = new CpuWeights(model, roundsActivations);
        team = new CpuTeam(options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
        try
        {
            x = Allocate(MaximumTokens, shape.HiddenSize);
            normed = Allocate(MaximumTokens, shape.HiddenSize);
            added = Allocate(MaximumTokens, shape.HiddenSize);
            heads = Allocate(MaximumTokens, projected);
            inner = Allocate(Math.Min(MaximumTokens, MlpRows), 2 * shape.IntermediateSize);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public string Name => "cpu";

    /// <inheritdoc />
    public int VocabularySize => shape.VocabularySize;

    /// <inheritdoc />
    public int MaximumTokens { get; }

    /// <inheritdoc />
    public IPageStore Pages => store;

    /// <inheritdoc />
    public bool SupportsRemapping => true;

    /// <summary>Bytes that it has put aside for steps, rotations and what a step knows of its sequences apart; for tests.</summary>
    public long StepBytes =>
        ((((3L * shape.HiddenSize) + projected) * MaximumTokens) + (2L * shape.IntermediateSize * Math.Min(MaximumTokens, MlpRows))) * sizeof(float)
        + low.Bytes + logits.Bytes + sinkQueries.Bytes + votes.Bytes;

    /// <summary>Matrices in codes that kernels do not read: made plain, they take the memory that they have without quantisation.</summary>
    public IReadOnlyList<string> MadePlain => weights.MadePlain;

    /// <summary>How many matrices are multiplied with activations rounded to 8 bits.</summary>
    public int RoundingMatrices => weights.RoundingMatrices;

    /// <summary>The cache's format: what is asked for, or what loses nothing of the model's type.</summary>
    public static CacheFormat CacheFormatOf(CacheFormat? asked, ScalarType dataType) => asked ?? (dataType == ScalarType.BFloat16 ? CacheFormat.BFloat16 : CacheFormat.Float32);

    /// <summary>Why the kernels cannot run a model; null where they can.</summary>
    public static string? WhyNot(CausalLanguageModel model) => CpuWeights.WhyNot(model);

    /// <inheritdoc />
    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        model.ThrowIfDisposed();
        StepChecks.Check(batch, MaximumTokens);
        logitRows = 0;
        if (batch.TokenCount == 0) return;
        if (forgotten || !weights.AreCurrent) ReadWeightsAgain();
        team.Cancellation = cancellationToken;
        try
        {
            RunAll(batch, cancellationToken);
        }
        finally
        {
            team.Cancellation = CancellationToken.None;
        }

        // From when it is cancelled, tiles are left out: nothing of such a step may be taken for a result.
        cancellationToken.ThrowIfCancellationRequested();
        logitRows = batch.LogitCount;
    }

    /// <inheritdoc />
    public void ForgetWeights() => forgotten = true;

    /// <inheritdoc />
    public Span<float> Logits(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, logitRows);
        return new Span<float>((float*)logits.Ensure(0) + ((long)row * VocabularySize), VocabularySize);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        logitRows = 0;
        team.Dispose();
        attention.Dispose();
        step.Dispose();
        weights.Dispose();
        store.Dispose();
        low.Dispose();
        logits.Dispose();
        sinkQueries.Dispose();
        votes.Dispose();
        foreach (nint buffer in (ReadOnlySpan<nint>)[(nint)x, (nint)normed, (nint)added, (nint)heads, (nint)inner]) NativeMemory.AlignedFree((void*)buffer);
        x = normed = added = heads = inner = null;
    }

    private void RunAll(StepBatch batch, CancellationToken cancellationToken)
    {
        step.Prepare(batch, weights.Rotaries);
        if (weights.MaximumRank > 0) low.Ensure((long)MaximumTokens * weights.MaximumRank * sizeof(float));
        if (batch.LogitCount > 0) logits.Ensure((long)batch.LogitCount * VocabularySize * sizeof(float));
        RowGather.Apply(team, weights.EmbeddingFormat, weights.Embedding, shape.HiddenSize, step.Ids, x, shape.HiddenSize, batch.TokenCount, EmbeddingFactor());
        for (int layer = 0; layer < weights.Layers.Length; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunLayer(batch, layer, cancellationToken);
        }

        if (batch.LogitCount > 0) RunHead(batch.LogitCount, cancellationToken);
    }

    private static float* Allocate(int rows, int size) => (float*)NativeMemory.AlignedAlloc(checked((nuint)((long)rows * size * sizeof(float))), 64);

    /// <summary>After an adapter was attached, merged or taken off, or the rotary settings were changed.</summary>
    private void ReadWeightsAgain()
    {
        if (WhyNot(model) is { } reason) throw new NotSupportedException($"The model was changed into one that the CPU's kernels cannot run: {reason}.");
        var read = new CpuWeights(model, roundsActivations);
        weights.Dispose();
        weights = read;
        forgotten = false;
    }

    private float EmbeddingFactor() => !shape.RoundEmbeddingScale ? (float)shape.EmbeddingScale : model.DataType switch
    {
        ScalarType.BFloat16 => RoundToBFloat16((float)shape.EmbeddingScale),
        ScalarType.Float16 => (float)(Half)shape.EmbeddingScale,
        _ => (float)shape.EmbeddingScale,
    };

    /// <summary>To nearest, halves to even.</summary>
    private static float RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
