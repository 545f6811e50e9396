namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>What a retriever finds, ranked anew.</summary>
public sealed class ReRankingRetriever : IChunkRetriever
{
    private readonly IChunkRetriever retriever;
    private readonly IChunkReRanker reRanker;
    private readonly int candidates;

    /// <summary>A retriever.</summary>
    /// <param name="retriever">Finds candidates.</param>
    /// <param name="reRanker">Ranks them.</param>
    /// <param name="candidates">How many it ranks, at least 1; those wanted beyond them keep the retriever's order behind them. Default: 100, as RankGPT has.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 candidate.</exception>
    public ReRankingRetriever(IChunkRetriever retriever, IChunkReRanker reRanker, int candidates = 100)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        ArgumentNullException.ThrowIfNull(reRanker);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        this.retriever = retriever;
        this.reRanker = reRanker;
        this.candidates = candidates;
    }

    /// <summary>Such as "bm25 > listwise gpt-4o".</summary>
    public string Name => $"{retriever.Name} > {reRanker.Name}";

    /// <inheritdoc />
    public string Identity => FormattableString.Invariant(
        $"{candidates} of {StrategyNames.Quoted(retriever.Identity)} re-ranked by {StrategyNames.Quoted(reRanker.Identity)}");

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The re-ranker gave back other passages than it got.</exception>
    public async ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ChunkRanking found = await retriever.RankAsync(query with { Count = Math.Max(query.Count, candidates) }, cancellationToken).ConfigureAwait(false);
        RankedChunk[] first = [.. found.Chunks.Take(candidates)];
        if (first.Length < 2) return found;
        ChunkRanking ranked = await reRanker.ReRankAsync(query, first, cancellationToken).ConfigureAwait(false);
        if (!ranked.Chunks.Select(chunk => chunk.Index).Order().SequenceEqual(first.Select(chunk => chunk.Index).Order()))
            throw new InvalidOperationException($"The re-ranker {reRanker.Name} gave back other passages than the {first.Length} it got.");
        return new ChunkRanking([.. ranked.Chunks.Concat(found.Chunks.Skip(candidates)).Take(query.Count)])
        {
            Details = StrategyDetails.Sum(found.Details, ranked.Details),
            Cost = found.Cost + ranked.Cost,
        };
    }
}
