namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Ranks passages that were found anew, with more effort than a search can spend on all of them.</summary>
public interface IChunkReRanker
{
    /// <summary>Its name in reports, such as "listwise gpt-4o".</summary>
    string Name { get; }

    /// <summary>Everything that decides the ranking. A resumed run must have the same.</summary>
    string Identity { get; }

    /// <summary>Ranks passages.</summary>
    /// <param name="query">The passages and what to find.</param>
    /// <param name="candidates">Those to rank, as they were ranked so far.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The candidates in a new order, all of them.</returns>
    ValueTask<ChunkRanking> ReRankAsync(ChunkQuery query, IReadOnlyList<RankedChunk> candidates, CancellationToken cancellationToken = default);
}
