namespace LongContext.Data;

/// <summary>What a mixture does when one of its sources comes to its end.</summary>
public enum MixtureEnd
{
    /// <summary>The mixture ends too, at the first draw that finds its source at its end.</summary>
    StopAtFirst,

    /// <summary>The others go on, at the weights they have among themselves; the mixture ends with the last of them.</summary>
    GoOnWithOthers,

    /// <summary>
    /// The source begins anew, at the place where it stood when the mixture was made: the mixture has no end. A list without end gives
    /// each pass another order.
    /// </summary>
    Repeat,
}
