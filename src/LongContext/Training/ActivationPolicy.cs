namespace LongContext.Training;

/// <summary>
/// What a step keeps in memory between forward and backward, where, and in what tiles it walks a pack. Loss and gradients do not depend
/// by a bit on <see cref="Recompute"/>, <see cref="OnHost"/> and <see cref="EveryNthLayer"/>; the two sizes change the order of sums, and
/// so the last digits.
/// </summary>
public sealed record ActivationPolicy
{
    /// <summary>The least memory on the device short of offloading: layers' inputs are kept, all else is computed again.</summary>
    public static ActivationPolicy RecomputeLayers { get; } = new();

    /// <summary>The fastest: nothing is computed again.</summary>
    public static ActivationPolicy KeepEverything { get; } = new() { Recompute = Recomputation.Nothing };

    /// <summary>What backward computes again. Default: everything, layer by layer.</summary>
    public Recomputation Recompute { get; init; } = Recomputation.Layer;

    /// <summary>
    /// Whether layers' inputs wait in the host's pinned memory instead of the device's. Default false. On the CPU it changes nothing. Needs
    /// <see cref="Recomputation.Layer"/>.
    /// </summary>
    public bool OnHost { get; init; }

    /// <summary>
    /// Inputs of every n-th layer are kept, those between are computed again from them, a segment at a time. Default 1. From 2 on it needs
    /// <see cref="Recomputation.Layer"/>.
    /// </summary>
    public int EveryNthLayer { get; init; } = 1;

    /// <summary>Tokens of a tile, for projections and MLP. Null (the default) for 8,192 on a GPU and 2,048 on the CPU.</summary>
    public int? TileTokens { get; init; }

    /// <summary>
    /// Key/value heads, with the query heads that share them, that attention walks at a time; null (the default) for all. Fewer make queries,
    /// keys, values and their gradients smaller, for one more forward of attention. Models with a norm over all heads walk them together.
    /// </summary>
    public int? KeyValueHeadsAtATime { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Recompute)) yield return $"Activations.Recompute is {Recompute}, which is none of its values";
        if (EveryNthLayer < 1) yield return $"Activations.EveryNthLayer must be at least 1, but is {EveryNthLayer}";
        if (EveryNthLayer > 1 && Recompute != Recomputation.Layer) yield return $"Activations.EveryNthLayer is {EveryNthLayer}, which needs Recompute = Layer, but it is {Recompute}";
        if (OnHost && Recompute != Recomputation.Layer) yield return $"Activations.OnHost needs Recompute = Layer, but it is {Recompute}";
        if (TileTokens is < 1) yield return $"Activations.TileTokens must be at least 1, but is {TileTokens}";
        if (KeyValueHeadsAtATime is < 1) yield return $"Activations.KeyValueHeadsAtATime must be at least 1, but is {KeyValueHeadsAtATime}";
    }
}
