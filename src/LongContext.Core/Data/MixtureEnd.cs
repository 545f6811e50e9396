namespace LongContext.Data;

/// <summary>What a mixture does when one of its sources has come to its end, after its last epoch.</summary>
public enum MixtureEnd
{
    /// <summary>The mixture ends too, when the turn of a source comes that has no item left.</summary>
    StopAtFirst,

    /// <summary>The others go on, at the weights they have among themselves; the mixture ends with the last of them.</summary>
    GoOnWithOthers,

    /// <summary>
    /// The source begins anew, with its next pass: the mixture has no end. <see cref="WeightedSource{T}.NewPass"/>, or a list without end, gives
    /// each pass another order.
    /// </summary>
    Repeat,

    /// <summary>
    /// The source begins anew while another has not yet come to its end: the mixture ends once all have, and every item was given at least once.
    /// </summary>
    StopAtLast,
}
