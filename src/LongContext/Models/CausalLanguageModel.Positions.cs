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
    /// Its chunk or neighbour window is longer than the trained window, the model's frequencies depend on the sequence's length, or no
    /// layer sees everything before.
    /// </exception>
    public PositionRemapping? PositionRemapping
    {
        get => remapping;
        set
        {
            if (value is not null) CheckRemapping(value);
            remapping = value;
        }
    }

    /// <summary>
    /// The number of tokens beyond which a family has all keys and values computed anew, because other frequencies hold; null where it
    /// leaves them as they were made.
    /// </summary>
    internal int? CacheEndsAt =>
        shape.RecomputesCacheAtOriginalWindow && Config.RopeScaling.RopeType == "longrope" ? Config.TrainedContextLength() : null;

    private void CheckRemapping(PositionRemapping value)
    {
        int trained = Config.TrainedContextLength();
        if (value.RequiredWindow > trained)
            throw new ArgumentException($"{value} needs a window of {value.RequiredWindow} tokens, but the model was trained for {trained}.", nameof(value));
        LayerShape[] concerned = [.. shape.Layers.Where(layer => layer.SlidingWindow is null && layer.HasPositions)];
        if (concerned.Length == 0)
            throw new ArgumentException($"{value} changes nothing: no layer of the model has positions and sees everything before.", nameof(value));
        foreach (LayerShape layer in concerned)
        {
            RopeScaling scaling = Config.RopeOf(layer.Type).Scaling;
            if (scaling.DependsOnSequenceLength)
                throw new ArgumentException($"{value} cannot be combined with {scaling}, whose frequencies depend on the sequence's length.", nameof(value));
        }
    }
}
