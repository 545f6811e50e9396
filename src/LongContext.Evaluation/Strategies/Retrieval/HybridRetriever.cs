using System.Collections.ObjectModel;
using LongContext.Data.Examples;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Several retrievers as one, by the ranks they give: reciprocal rank fusion.</summary>
/// <remarks>
/// A passage's score is the sum over the retrievers that found it of weight / (60 + rank), ranks from 1 (Cormack, Clarke and Büttcher 2009, "Reciprocal Rank
/// Fusion outperforms Condorcet and individual Rank Learning Methods"). Passages of equal score are in the order of the text.
/// </remarks>
public sealed class HybridRetriever : IChunkRetriever
{
    private readonly IChunkRetriever[] retrievers;
    private readonly HybridOptions options;
    private readonly double[] weights;

    /// <summary>A retriever.</summary>
    /// <param name="retrievers">At least two.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Fewer than two retrievers, or options out of range; the message has all of them.</exception>
    public HybridRetriever(IEnumerable<IChunkRetriever> retrievers, HybridOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(retrievers);
        this.retrievers = [.. retrievers];
        if (this.retrievers.Length < 2 || Array.IndexOf(this.retrievers, null) >= 0)
            throw new ArgumentException($"Expected two retrievers or more, none of them null; found {this.retrievers.Length}.", nameof(retrievers));
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(HybridOptions), this.options.Faults(this.retrievers.Length), nameof(options));
        weights = this.options.Weights.Count == 0 ? [.. this.retrievers.Select(_ => 1.0)] : [.. this.options.Weights];
    }

    /// <summary>Such as "bm25 + embeddings".</summary>
    public string Name => string.Join(" + ", retrievers.Select(retriever => retriever.Name));

    /// <inheritdoc />
    public string Identity => FormattableString.Invariant(
        $"rrf {options.RankConstant}, depth {options.Depth}: {string.Join(", ", retrievers.Select((retriever, i) => $"{StrategyNames.Number(weights[i])} × {StrategyNames.Quoted(retriever.Identity)}"))}");

    /// <inheritdoc />
    public async ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ChunkQuery deeper = query with { Count = Math.Max(query.Count, options.Depth) };
        IReadOnlyDictionary<string, double> details = ReadOnlyDictionary<string, double>.Empty;
        Dictionary<int, double> scores = [];
        decimal? cost = 0;
        for (int i = 0; i < retrievers.Length; i++)
        {
            ChunkRanking ranking = await retrievers[i].RankAsync(deeper, cancellationToken).ConfigureAwait(false);
            for (int rank = 0; rank < ranking.Chunks.Count; rank++)
            {
                int index = ranking.Chunks[rank].Index;
                if (rank >= (ranking.FoundCount ?? int.MaxValue))
                {
                    // Passages that only fill the ranking up were not found, and their rank says nothing.
                    scores.TryAdd(index, 0);
                    continue;
                }

                scores[index] = scores.GetValueOrDefault(index) + (weights[i] / (options.RankConstant + rank + 1));
            }

            details = StrategyDetails.Sum(details, ranking.Details);
            cost += ranking.Cost;
        }

        RankedChunk[] fused = [.. scores.Select(pair => new RankedChunk(pair.Key, pair.Value)).OrderByDescending(chunk => chunk.Score).ThenBy(chunk => chunk.Index).Take(query.Count)];
        return new ChunkRanking(fused) { Details = details, Cost = cost };
    }
}
