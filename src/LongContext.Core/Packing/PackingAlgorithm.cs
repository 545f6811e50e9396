namespace LongContext.Packing;

/// <summary>How documents are spread over packs of a fixed number of tokens.</summary>
public enum PackingAlgorithm
{
    /// <summary>
    /// Documents in the order they come; a document that does not fit closes the pack. Keeps the order of the data set, and
    /// fills least (at worst half).
    /// </summary>
    NextFit,

    /// <summary>Longest first, each into the first pack with room. At most 11/9 of the best possible number of packs, plus 6/9.</summary>
    FirstFitDecreasing,

    /// <summary>Longest first, each into the fullest pack with room. The same bound, in practice the fullest packs and the fastest.</summary>
    BestFitDecreasing,
}
