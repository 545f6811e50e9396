namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Always the same ranking.</summary>
internal sealed class FixedRetriever(string name, params int[] order) : IChunkRetriever
{
    public string Name => name;

    public string Identity => $"fixed {name} {string.Join(',', order)}";

    public int LastCount { get; private set; }

    public ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        LastCount = query.Count;
        return ValueTask.FromResult(new ChunkRanking([.. order.Take(query.Count).Select((index, rank) => new RankedChunk(index, -rank))])
        {
            Details = new Dictionary<string, double> { [name] = 1 },
        });
    }
}
