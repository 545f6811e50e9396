using LongContext.Checkpoints;
using LongContext.Models.Families;
using LongContext.Positions;

namespace LongContext.Models;

/// <summary>Ways to a longer window.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>
    /// Self-Extend or dual chunk attention, in force from the next forward on; null (the default) for none. It holds for the layers
    /// that see everything before; layers with a window or without positions do not need it. Runs in the library's own attention over
    /// blocks of queries, slower than <see cref="AttentionKernel"/>. It is not written to config.json: no format has a place for it.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// Its chunk or neighbour window is longer than the model's window, the model's frequencies depend on the sequence's length, or no
    /// layer sees everything before.
    /// </exception>
    /// <exception cref="InvalidOperationException">A run trains the model: cancel it and await it first.</exception>
    public PositionRemapping? PositionRemapping
    {
        get => remapping;
        set
        {
            ThrowIfTraining("given other positions");
            if (value is not null) CheckRemapping(Config, value);
            remapping = value;
        }
    }

    /// <summary>
    /// Stretches the model's positions for a longer window, in place; weights stay as they are. The scaling it had is replaced, not
    /// multiplied, and layers with a window and rotary settings of their own keep them. Written to config.json on <see cref="Save"/>.
    /// </summary>
    /// <param name="contextLength">The window asked for, in tokens; longer than the model's.</param>
    /// <param name="method">How; <see cref="ContextExtensionAdvice.For"/> says which suits.</param>
    /// <remarks>Key/value caches filled before hold keys of the old positions and are refused from then on.</remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextLength"/> is not above the model's window, or there is no such method.</exception>
    /// <exception cref="ArgumentException">The <see cref="PositionRemapping"/> in force cannot be combined with it.</exception>
    /// <exception cref="InvalidOperationException">A run trains the model: cancel it and await it first.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void ExtendTo(int contextLength, ContextExtensionMethod method)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ThrowIfTraining("extended");
        SetConfig(Config.ExtendTo(contextLength, method));
    }

    /// <summary>As <see cref="ExtendTo"/>, with a scaling of any settings.</summary>
    /// <param name="scaling">The scaling that replaces the model's.</param>
    /// <param name="contextLength">The window in tokens; null for what follows from the scaling, as in <see cref="ModelConfigExtensions.WithRopeScaling"/>.</param>
    /// <exception cref="ArgumentException">It does not fit the model, its window, or the <see cref="PositionRemapping"/> in force.</exception>
    /// <exception cref="InvalidOperationException">A run trains the model: cancel it and await it first.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void SetRopeScaling(RopeScaling scaling, int? contextLength = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ThrowIfTraining("given other positions");
        SetConfig(Config.WithRopeScaling(scaling, contextLength));
    }

    /// <summary>Takes over another config's rotary settings and window.</summary>
    internal void SetPositions(ModelConfig positions) => SetConfig(Config.WithPositionsOf(positions));

    private void SetConfig(ModelConfig changed)
    {
        if (remapping is not null) CheckRemapping(changed, remapping);
        var made = new RotaryEmbedding(changed, shape.Layers, Device, DataType);
        rotary.Dispose();
        rotary = made;
        Config = changed;
    }

    /// <summary>
    /// The number of tokens beyond which transformers gives up a family's cache, because other frequencies may hold; null where it
    /// leaves cached keys as they were made.
    /// </summary>
    internal int? CacheEndsAt =>
        !shape.CacheEndsAtOriginalWindow ? null
        : Config.RopeScaling is LongRopeScaling ? Config.OriginalMaxPositionEmbeddings
        : Config.Fields.OptionalInt("original_max_position_embeddings") ?? Phi3Family.DefaultOriginalWindow;

    /// <summary>Whether other frequencies do hold there, so that everything before is to be computed anew.</summary>
    internal bool RotatesAnewPastCacheEnd => shape.CacheEndsAtOriginalWindow && Config.RopeScaling is LongRopeScaling;

    private void CheckRemapping(ModelConfig config, PositionRemapping value)
    {
        if (value.RequiredWindow > config.MaxPositionEmbeddings)
        {
            throw new ArgumentException(
                $"{value} needs a window of {value.RequiredWindow} tokens, but the model's (max_position_embeddings) is {config.MaxPositionEmbeddings}.", nameof(value));
        }

        LayerShape[] concerned = [.. shape.Layers.Where(layer => layer.SlidingWindow is null && layer.HasPositions)];
        if (concerned.Length == 0)
            throw new ArgumentException($"{value} changes nothing: no layer of the model has positions and sees everything before.", nameof(value));
        foreach (LayerShape layer in concerned)
        {
            RopeScaling scaling = config.RopeOf(layer.Type).Scaling;
            if (scaling.DependsOnSequenceLength)
                throw new ArgumentException($"{value} cannot be combined with {scaling}, whose frequencies depend on the sequence's length.", nameof(value));
        }
    }
}
