namespace LongContext.Tokenization.PreTokenizers;

/// <summary>What becomes of the matches that a text is cut at.</summary>
internal enum SplitBehavior
{
    /// <summary>They go.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>They end the piece before.</summary>
    MergedWithPrevious,

    /// <summary>They begin the piece behind.</summary>
    MergedWithNext,

    /// <summary>Neighbours are one piece.</summary>
    Contiguous,
}
