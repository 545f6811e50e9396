namespace LongContext.Evaluation.Strategies;

/// <summary>In which order a model gets the passages that were found.</summary>
public enum PassageOrder
{
    /// <summary>As they stand in the text.</summary>
    Position,

    /// <summary>The best first.</summary>
    Rank,

    /// <summary>The best last, next to the question where that follows the context.</summary>
    ReversedRank,
}
