// Shape suffixes: T tokens, W wanted rows, E hidden size, V vocabulary.
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>Steps by the model's own modules: any device and floating-point type, adapters and quantised weights included.</summary>
internal sealed class TorchModelRunner : IModelRunner
{
    private readonly CausalLanguageModel model;
    private readonly CacheGroups groups;
    private readonly ITensorPages store;
    private float[] logits = [];
    private int logitRows;

    /// <summary>A runner of a model.</summary>
    /// <param name="model">The model; stays the caller's, and is used by nobody else while a step runs.</param>
    /// <param name="options">Page size, cache format, tokens of a step.</param>
    public TorchModelRunner(CausalLanguageModel model, RunnerOptions options)
        : this(model, options, groups => new TorchPageStore(
            groups, new TensorCacheFormat(options.CacheFormat, model.DataType, model.Device), options.PageTokens, model.Shape.KeyValueHeadCount, model.Shape.HeadDimension, model.Device))
    {
    }

    /// <summary>Over a store of another kind, which is the runner's from here on.</summary>
    public TorchModelRunner(CausalLanguageModel model, RunnerOptions options, Func<CacheGroups, ITensorPages> store)
    {
        options.Validate();
        this.model = model;
        MaximumTokens = options.MaximumTokens;
        groups = new CacheGroups(model.Shape.Layers);
        this.store = store(groups);
    }

    /// <inheritdoc />
    public string Name => "torch";

    /// <inheritdoc />
    public int VocabularySize => model.Shape.VocabularySize;

    /// <inheritdoc />
    public int MaximumTokens { get; }

    /// <inheritdoc />
    public IPageStore Pages => store;

    /// <inheritdoc />
    public bool SupportsRemapping => true;

    /// <inheritdoc />
    public void Run(StepBatch batch, CancellationToken cancellationToken)
    {
        StepChecks.Check(batch, MaximumTokens);
        logitRows = 0;
        if (batch.TokenCount == 0) return;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var attention = new TensorPagedAttention(store, groups, model.RotaryEmbedding, batch);
        int[] wanted = Wanted(batch);
        Tensor ids_T = HostTensors.InScope(batch.Tokens, model.Device);
        // At least one row runs through the last norm, so that there is no case of none.
        Tensor rows_W = HostTensors.InScope(wanted.Length > 0 ? wanted : [0], model.Device);
        Tensor hidden_WE = model.ForwardStep(ids_T, attention.Borders, attention, rows_W, cancellationToken);
        if (wanted.Length > 0) Keep(model.Logits(hidden_WE));
    }

    /// <inheritdoc />
    public Span<float> Logits(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, logitRows);
        return logits.AsSpan(row * VocabularySize, VocabularySize);
    }

    /// <inheritdoc />
    public void Dispose() => store.Dispose();

    private unsafe void Keep(Tensor logits_WV)
    {
        Tensor host_WV = logits_WV.to(ScalarType.Float32).cpu().contiguous();
        int count = checked((int)host_WV.numel());
        if (logits.Length < count) logits = new float[count];
        new ReadOnlySpan<float>((void*)host_WV.Address(), count).CopyTo(logits);
        logitRows = (int)host_WV.size(0);
    }

    private static int[] Wanted(StepBatch batch)
    {
        var wanted = new int[batch.LogitCount];
        int at = 0;
        foreach (ref readonly StepSequence sequence in batch.Sequences)
        {
            int end = sequence.TokenStart + sequence.TokenCount;
            for (int i = end - sequence.LogitCount; i < end; i++) wanted[at++] = i;
        }

        return wanted;
    }
}
