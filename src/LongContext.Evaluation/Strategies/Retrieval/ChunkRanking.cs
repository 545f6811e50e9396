using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Passages in the order in which they fit a question.</summary>
/// <param name="Chunks">The best first, each at most once.</param>
public sealed record ChunkRanking(IReadOnlyList<RankedChunk> Chunks)
{
    /// <summary>Measures of how it came about; they become details of the score. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;
}
