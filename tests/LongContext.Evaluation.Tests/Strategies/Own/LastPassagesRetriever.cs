using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Strategies.Own;

/// <summary>A retriever of one's own: the last passages are taken to matter the most. Cutting into passages, budgets and joining are the strategy's.</summary>
internal sealed class LastPassagesRetriever : IChunkRetriever
{
    public string Name => "last";

    public string Identity => "last";

    public ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return ValueTask.FromResult(new ChunkRanking([.. query.Chunks.Reverse().Take(query.Count).Select(chunk => new RankedChunk(chunk.Index, chunk.Index))]));
    }
}
