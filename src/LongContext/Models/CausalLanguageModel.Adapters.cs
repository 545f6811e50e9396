using LongContext.Adapters;

namespace LongContext.Models;

/// <summary>The adapter on the model.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>The adapter that the model runs with; null for none.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>What is added to the embedding's rows.</summary>
    internal EmbeddingLora? EmbeddingAdapter { get; set; }

    /// <summary>
    /// What a run trains: the adapter's parameters where there is one, and else all of the model's.
    /// </summary>
    /// <exception cref="InvalidOperationException">The adapter is merged, or weights are quantised and there is no adapter.</exception>
    internal IReadOnlyList<Parameter> TrainableParameters
    {
        get
        {
            if (Adapter is { IsMerged: true })
                throw new InvalidOperationException("The adapter is merged. Call UnmergeAdapter to go on training it, or MergeAndRemoveAdapter to train the merged weights.");
            if (Adapter is not null) return Adapter.Trainable;
            if (Parameters.All.FirstOrDefault(parameter => parameter.Quantized is not null) is { } quantized)
            {
                throw new InvalidOperationException(
                    $"'{quantized.Name}' is quantised (ModelLoadOptions.WeightQuantization, or in the files) and cannot train: add an adapter (AddAdapter), or load the model unquantised (ModelLoadOptions.DequantizesWeights).");
            }

            return [.. Parameters.All];
        }
    }

    /// <summary>Makes an adapter and attaches it.</summary>
    /// <param name="options">Its shape.</param>
    /// <param name="seed">The same seed gives the same adapter. Default 0.</param>
    /// <returns>The adapter, which is the model's until <see cref="RemoveAdapter"/>.</returns>
    /// <exception cref="ArgumentException">Options are out of range or name what the model does not have; the message holds every fault.</exception>
    /// <exception cref="InvalidOperationException">The model has an adapter already, or a run trains it.</exception>
    public LoraAdapter AddAdapter(LoraOptions options, int seed = 0)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfTraining("given an adapter");
        ThrowIfAdapted();
        LoraPlan plan = LoraPlan.Require(options, this);
        using var initializer = new LoraInitializer(this, options.Initialization, seed);
        return LoraAdapter.Build(this, plan, initializer.Make, peftFields: null);
    }

    /// <summary>
    /// Adds the adapter into the weights, so that the model runs at its own speed and <see cref="Save"/> writes the merged one. Sums
    /// are made in float32 and rounded once. The weights that were there are kept (as many bytes again as the adapted matrices have),
    /// so that <see cref="UnmergeAdapter"/> brings back every bit.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no adapter, it is merged already, a weight it adds to is quantised, or a run trains the model.</exception>
    public void MergeAdapter() => RequireAdapter().Merge();

    /// <summary>Takes the adapter out of the weights again, which are then what they were, to the bit.</summary>
    /// <exception cref="InvalidOperationException">There is no adapter, it is not merged, or a run trains the model.</exception>
    public void UnmergeAdapter() => RequireAdapter().Unmerge();

    /// <summary>Adds the adapter into the weights for good, and frees it and what the weights were before.</summary>
    /// <exception cref="InvalidOperationException">There is no adapter, a weight it adds to is quantised, or a run trains the model.</exception>
    public void MergeAndRemoveAdapter() => RequireAdapter().MergeForGood();

    /// <summary>Takes the adapter off and frees it. The model is then what it was without it, to the bit.</summary>
    /// <exception cref="InvalidOperationException">There is no adapter, or a run trains the model.</exception>
    public void RemoveAdapter() => RequireAdapter().Dispose();

    /// <summary>For the adapter that is being attached.</summary>
    internal void Hold(LoraAdapter adapter) => Adapter = adapter;

    /// <summary>For the adapter that is being taken off.</summary>
    internal void Release(LoraAdapter adapter)
    {
        if (Adapter == adapter) Adapter = null;
    }

    /// <summary>Refuses to attach a second adapter.</summary>
    internal void ThrowIfAdapted()
    {
        if (Adapter is not null) throw new InvalidOperationException("The model has an adapter already: RemoveAdapter or MergeAndRemoveAdapter first.");
    }

    /// <summary>Refuses to write a model of which the weights are only a part.</summary>
    internal void ThrowIfAdapterIsApart()
    {
        if (Adapter is { IsMerged: false })
            throw new InvalidOperationException("The model runs with an adapter that its weights do not hold: MergeAdapter first, or save the adapter alone (LoraAdapter.Save).");
    }

    /// <summary>Refuses what needs the weights themselves.</summary>
    internal void ThrowIfQuantized(string what)
    {
        if (Parameters.All.Any(parameter => parameter.Quantized is not null))
            throw new InvalidOperationException($"The model has quantised weights (ModelLoadOptions.WeightQuantization, its files, or ModelQuantizer) and cannot be {what}: load it without, or with ModelLoadOptions.DequantizesWeights.");
    }

    /// <summary>Gives a head that was the embedding a copy of its own.</summary>
    internal void UntieHead()
    {
        Parameters.Add(DecoderTensors.Head, Embedding.Value.clone());
        Head.Rebind(Parameters.Find(DecoderTensors.Head));
        SetTied(false);
    }

    /// <summary>Makes the head the embedding again.</summary>
    internal void TieHead()
    {
        Head.Rebind(Embedding);
        Parameters.Remove(DecoderTensors.Head);
        SetTied(true);
    }

    private void SetTied(bool tied)
    {
        shape = shape with { TieWordEmbeddings = tied };
        Config = Config with { TieWordEmbeddings = tied };
    }

    private LoraAdapter RequireAdapter()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return Adapter ?? throw new InvalidOperationException("The model has no adapter.");
    }
}
