namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Finds the passages of a context that fit a question. Called for many contexts and questions at once.</summary>
public interface IChunkRetriever
{
    /// <summary>Its name in reports, such as "bm25".</summary>
    string Name { get; }

    /// <summary>Everything that decides what it finds. A resumed run must have the same.</summary>
    string Identity { get; }

    /// <summary>Ranks passages, the same way each time for the same query.</summary>
    /// <param name="query">The passages and what to find.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>As many passages as are wanted, or fewer where it knows no more.</returns>
    ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default);
}
