namespace LongContext.Packing;

/// <summary>The order in which the packs of one look-ahead window are handed out.</summary>
public enum PackOrder
{
    /// <summary>
    /// As the algorithm made them: with <see cref="PackingAlgorithm.NextFit"/> the order of the stream, with the decreasing algorithms by
    /// their longest document, the longest first.
    /// </summary>
    AsPacked,

    /// <summary>
    /// The most costly first, by the attention's share: the sum of the documents' squared lengths. What does not fit into memory then
    /// shows at once and not after hours.
    /// </summary>
    LongestFirst,

    /// <summary>Shuffled within the window, by the seed.</summary>
    Shuffled,
}
