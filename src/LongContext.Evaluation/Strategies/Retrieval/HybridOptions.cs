namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Options of a <see cref="HybridRetriever"/>.</summary>
public sealed record HybridOptions
{
    /// <summary>What is added to every rank: the higher, the less the first ranks count for. At least 0. Default: 60, as in the paper.</summary>
    public int RankConstant { get; init; } = 60;

    /// <summary>How many passages each retriever is asked for at least. Default: 100.</summary>
    public int Depth { get; init; } = 100;

    /// <summary>How much each retriever counts for, in their order, each at least 0; empty (the default) for all alike.</summary>
    public IReadOnlyList<double> Weights { get; init; } = [];

    internal IEnumerable<string> Faults(int retrievers)
    {
        if (RankConstant < 0) yield return $"{nameof(RankConstant)} is {RankConstant}, expected 0 or more";
        if (Depth < 1) yield return $"{nameof(Depth)} is {Depth}, expected at least 1";
        if (Weights is null) yield return $"{nameof(Weights)} is null";
        else if (Weights.Count != 0 && Weights.Count != retrievers) yield return $"{nameof(Weights)} has {Weights.Count} values for {retrievers} retrievers";
        else if (Weights.Any(weight => !(weight >= 0) || double.IsInfinity(weight))) yield return $"{nameof(Weights)} has a value that is not 0 or more";
    }
}
