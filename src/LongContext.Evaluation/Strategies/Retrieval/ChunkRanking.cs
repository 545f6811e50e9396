using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Passages in the order in which they fit a question.</summary>
/// <param name="Chunks">The best first, each at most once.</param>
public sealed record ChunkRanking(IReadOnlyList<RankedChunk> Chunks)
{
    /// <summary>
    /// How many passages of the beginning were found; those after them only fill the ranking up, for example in the order of the text. Null (the default): all.
    /// </summary>
    public int? FoundCount { get; init; }

    /// <summary>Measures of how it came about; they become details of the score. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>What it cost beside the requests that were made through the session, in the currency of the models' prices; null where nobody knows. Default: 0.</summary>
    public decimal? Cost { get; init; } = 0;
}
