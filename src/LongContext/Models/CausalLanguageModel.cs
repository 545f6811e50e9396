// Shape suffixes: T tokens, E hidden size, V vocabulary.
using LongContext.Attention;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Kernels;
using LongContext.Models.Families;
using LongContext.Positions;
using LongContext.Tensors;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// A decoder-only language model over packs: tokens in one flat row, documents side by side, none seeing another.
/// Weights carry their checkpoint's names. Not safe for use by several threads at once.
/// </summary>
public sealed partial class CausalLanguageModel : IDisposable
{
    private DecoderShape shape;
    private readonly DecoderLayer[] layers;
    private readonly RmsNorm norm;
    private RotaryEmbedding rotary;
    private PositionRemapping? remapping;
    private bool disposed;
    private int training; // 1 while a run has the model
    private int trainingThread; // the run's, 0 before it has begun

    private CausalLanguageModel(ModelConfig config, ModelParameters parameters, Device device, ModelLoadOptions options, string? sourceFolder)
    {
        Config = config;
        Parameters = parameters;
        Device = device;
        SourceFolder = sourceFolder is null ? null : Path.GetFullPath(sourceFolder); // wherever the program goes
        shape = ModelFamily.ReadShape(config);
        Embedding = parameters.Find(DecoderTensors.Embedding);
        Head = Linear.Over(shape.TieWordEmbeddings ? Embedding : parameters.Find(DecoderTensors.Head), "lm_head");
        norm = new RmsNorm(parameters.Find(DecoderTensors.FinalNorm), shape.Norm);
        DataType = Embedding.Value.dtype;
        AttentionKernel = Choose(options.AttentionKernel, device, DataType, shape, options.Logger);
        FusedKernels.LogChoice(device, DataType, options.Logger);
        rotary = new RotaryEmbedding(config, shape.Layers, device, DataType);
        layers = [.. Enumerable.Range(0, shape.LayerCount).Select(i => new DecoderLayer(i, rotary.KindOf(i), shape, parameters, AttentionKernel))];
        PositionRemapping = options.PositionRemapping;
    }

    /// <summary>The model's config.json, with the scaling in force.</summary>
    public ModelConfig Config { get; private set; }

    /// <summary>The weights, by checkpoint name.</summary>
    public ModelParameters Parameters { get; }

    /// <summary>Where the weights lie.</summary>
    public Device Device { get; }

    /// <summary>Type of the weights and hidden states.</summary>
    public ScalarType DataType { get; }

    /// <summary>The attention implementation in use.</summary>
    public IAttentionKernel AttentionKernel { get; }

    /// <summary>The window in tokens that config.json states.</summary>
    public int ContextLength => Config.MaxPositionEmbeddings;

    /// <summary>
    /// The folder it was loaded from, as an absolute path, whose tokenizer files go along on <see cref="Save"/>; null when made from a config. Where it was a checkpoint that the
    /// training run has removed since (<see cref="TrainerOptions.CheckpointsToKeep"/>), the checkpoint that took over its files.
    /// </summary>
    public string? SourceFolder { get; private set; }

    /// <summary>What generation_config.json of the folder says, as it was when the model was loaded; null where there is none, or no folder.</summary>
    public GenerationConfig? GenerationConfig { get; private init; }

    /// <summary>Tokens that end a text: config.json's and generation_config.json's together, since many instruct models name the end of their turn in the latter alone.</summary>
    public IReadOnlyList<int> StopTokenIds => [.. Config.EndOfSentenceTokenIds.Union(GenerationConfig?.EndOfSentenceTokenIds ?? [])];

    /// <summary>The embedding [V, E].</summary>
    internal Parameter Embedding { get; }

    /// <summary>Hidden states to raw logits: lm_head, or the embedding where they are tied.</summary>
    internal Linear Head { get; }

    /// <summary>The head's weights [V, E].</summary>
    internal Tensor HeadWeight_VE => Head.Adapter is null ? Head.Weight.Value : throw new NotSupportedException("This use of the head does not know of the adapter on 'lm_head'.");

    /// <summary>The embedding's row of the pad token; null where there is none.</summary>
    internal long? PadRow =>
        Config.PadTokenId is { } id && id < shape.VocabularySize && id >= -shape.VocabularySize ? (id < 0 ? id + shape.VocabularySize : id) : null;

    /// <summary>What the decoder is assembled from.</summary>
    internal DecoderShape Shape => shape;

    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(disposed, this);

    /// <summary>Runs the decoder over a pack.</summary>
    /// <param name="inputs">The pack.</param>
    /// <returns>Hidden states after the last norm [T, hidden], connected to autograd when that is on.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputs"/> is null.</exception>
    /// <exception cref="ArgumentException">A token id is outside the vocabulary.</exception>
    public Tensor Forward(PackedInputs inputs)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(inputs);
        inputs.IdRange.Check(shape.VocabularySize, nameof(inputs));
        using var scope = NewDisposeScope();
        Tensor hidden_TE = RunLayers(inputs.InputIds, CallOfPack(inputs)).MoveToOuterDisposeScope();
        // What the caller lets go could otherwise be finalised in the middle of an operator that reads it.
        GC.KeepAlive(inputs);
        GC.KeepAlive(this);
        return hidden_TE;
    }

    /// <summary>What all layers share over a pack; its tensors belong to the caller's dispose scope.</summary>
    private LayerCall CallOfPack(PackedInputs inputs)
    {
        ReadOnlySpan<int> borders = inputs.CumulativeSequenceLengths.Span;
        var lengths = new int[borders.Length - 1];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = borders[i + 1] - borders[i];
        RotaryRows[] rows = rotary.Rows(inputs.PositionIds.Span, borders, lengths);
        var attention = new AttentionArguments { CumulativeSequenceLengths = inputs.CumulativeSequenceLengths };
        return Call(rows, rowsOfAll: null, attention, cache: null, inputs.PositionIds.Span);
    }

    /// <summary>Runs the decoder over the next tokens of one document, with the earlier ones in a cache, and adds them to it.</summary>
    /// <param name="tokens">The next tokens.</param>
    /// <param name="cache">Earlier tokens; grows by these.</param>
    /// <param name="sequenceLength">
    /// Length that frequencies are computed for where they depend on it (dynamic NTK); 0 (the default) for the cache's plus these.
    /// Give the whole prompt's length when a prompt goes in by chunks.
    /// </param>
    /// <returns>Hidden states after the last norm [tokens, hidden], never connected to autograd.</returns>
    /// <exception cref="ArgumentException"><paramref name="tokens"/> is empty or holds an id outside the vocabulary, or the cache is for another number of layers.</exception>
    public Tensor ForwardCached(ReadOnlySpan<int> tokens, KeyValueCache cache, int sequenceLength = 0)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(cache);
        if (tokens.IsEmpty) throw new ArgumentException("At least one token is needed.", nameof(tokens));
        TokenIdRange.Of(tokens).Check(shape.VocabularySize, nameof(tokens));
        if (cache.LayerCount != shape.LayerCount)
            throw new ArgumentException($"The cache is for {cache.LayerCount} layers, but the model has {shape.LayerCount}.", nameof(cache));
        cache.Use(rotary, remapping, nameof(cache));
        int start = cache.Length, total = checked(start + tokens.Length), length = Math.Max(sequenceLength, total);

        using var scope = NewDisposeScope();
        using var noGradient = no_grad(); // a cache must not hold graphs together
        using Tensor ids_T = HostTensors.FromIds(tokens, Device);
        int[] positions = [.. Enumerable.Range(start, tokens.Length)];
        RotaryRows[] rows = rotary.Rows(positions, [0, tokens.Length], [length]);
        RotaryRows[]? rowsOfAll = cache.RerotatesKeys ? rotary.Rows([.. Enumerable.Range(0, total)], [0, total], [length]) : null;

        var attention = new AttentionArguments
        {
            CumulativeSequenceLengths = new[] { 0, tokens.Length },
            CumulativeKeyLengths = new[] { 0, total },
        };
        Tensor hidden_TE = RunLayers(ids_T, Call(rows, rowsOfAll, attention, cache, positions));
        cache.Advance(tokens.Length);
        GC.KeepAlive(this);
        return hidden_TE.MoveToOuterDisposeScope();
    }

    /// <summary>Scores of every next token.</summary>
    /// <param name="hidden">Hidden states [T, hidden] from <see cref="Forward"/>.</param>
    /// <returns>Logits [T, vocabulary].</returns>
    /// <exception cref="ArgumentNullException"><paramref name="hidden"/> is null.</exception>
    public Tensor Logits(Tensor hidden)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        Tensor logits_TV = LogitTransform.Of(shape).Apply(Head.Apply(hidden)).MoveToOuterDisposeScope();
        GC.KeepAlive(hidden);
        GC.KeepAlive(this);
        return logits_TV;
    }

    /// <summary>Frees the weights, and the adapter with them.</summary>
    /// <exception cref="InvalidOperationException">A run trains the model: cancel it and await it first.</exception>
    public void Dispose()
    {
        ThrowIfTraining("disposed");
        Adapter?.Dispose();
        disposed = true;
        rotary.Dispose();
        Parameters.Release();
    }

    private LayerCall Call(RotaryRows[] rows, RotaryRows[]? rowsOfAll, AttentionArguments attention, KeyValueCache? cache, ReadOnlySpan<int> positions) =>
        new(rows, rowsOfAll, attention, cache)
        {
            Remapping = remapping,
            RemappedRows = remapping is null ? null : rotary.RemappedRows(remapping, positions),
        };

    private Tensor RunLayers(Tensor ids_T, LayerCall call)
    {
        Tensor x_TE = Embed(ids_T);
        foreach (DecoderLayer layer in layers)
        {
            Tensor next_TE = layer.Forward(x_TE, call);
            x_TE.Dispose();
            x_TE = next_TE;
        }

        return norm.Apply(x_TE);
    }

    private Tensor Embed(Tensor ids_T)
    {
        Tensor x_TE = Embedding.Value.index_select(0, ids_T);
        if (PadRow is { } pad && is_grad_enabled() && Embedding.Value.requires_grad)
        {
            // As in transformers: the pad token's embedding is not learned here (a tied head's share of it is).
            using Tensor pad_1 = tensor(pad);
            using Tensor isPad_T1 = ids_T.eq(pad_1.to(ids_T.device)).unsqueeze(1);
            x_TE = where(isPad_T1, x_TE.detach(), x_TE);
        }

        if (EmbeddingAdapter is { } adapter) x_TE = x_TE.Plus(adapter.Apply(ids_T).to(x_TE.dtype));
        return Scaled(x_TE);
    }

    /// <summary>A tensor times the embedding's scale, rounded as the family rounds it.</summary>
    private Tensor Scaled(Tensor x)
    {
        if (shape.EmbeddingScale == 1) return x;
        if (!shape.RoundEmbeddingScale) return x.Times(shape.EmbeddingScale);
        using Tensor scale = tensor(shape.EmbeddingScale, dtype: DataType, device: Device);
        return x * scale;
    }

    private static IAttentionKernel Choose(IAttentionKernel? asked, Device device, ScalarType dataType, DecoderShape shape, ILogger? logger)
    {
        if (asked is null) return AttentionKernels.Auto(device, dataType, shape.HeadDimension, logger);
        foreach (int? window in shape.Layers.Select(layer => layer.SlidingWindow).Distinct())
        {
            var arguments = new AttentionArguments
            {
                CumulativeSequenceLengths = new[] { 0, 1 },
                SlidingWindow = window,
                SoftCap = shape.AttentionSoftCap,
                Scale = shape.AttentionScale,
            };
            if (asked.WhyNot(device, dataType, shape.HeadDimension, arguments) is { } reason)
                throw new NotSupportedException($"Attention kernel '{asked.Name}' cannot run this model: {reason}");
        }

        return asked;
    }
}
