using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Keeps the sentences that a retriever ranks first, in the order of the text, as many as fit: compression without a scoring model.</summary>
/// <remarks>A sentence that does not fit beside the better ones is passed over for those behind it that do; where none of the best fits, the beginning of the very best is left.</remarks>
public sealed class SentenceCompressor : IContextCompressor
{
    private readonly IChunkRetriever retriever;

    /// <summary>A compressor.</summary>
    /// <param name="retriever">Ranks sentences, such as a <see cref="Bm25Retriever"/>.</param>
    public SentenceCompressor(IChunkRetriever retriever)
    {
        ArgumentNullException.ThrowIfNull(retriever);
        this.retriever = retriever;
    }

    /// <summary>Such as "sentences bm25".</summary>
    public string Name => $"sentences {retriever.Name}";

    /// <inheritdoc />
    public string Identity => $"sentences 2, {retriever.Identity}";

    /// <inheritdoc />
    public async ValueTask<CompressedContext> CompressAsync(CompressionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        List<int> ends = SentenceBorders.Of(request.Context);
        if (ends.Count == 0) return new CompressedContext(request.Context);
        TextChunk[] sentences = [.. ends.Select((end, i) => (Start: i == 0 ? 0 : ends[i - 1], End: end)).Select((place, i) => new TextChunk(i, place.Start, request.Context[place.Start..place.End]))];
        ChunkRanking ranking = await retriever.RankAsync(
            new ChunkQuery { Text = request.Query, Chunks = sentences, Count = sentences.Length, Session = request.Session }, cancellationToken).ConfigureAwait(false);
        int[] best = [.. ranking.Chunks.Select(chunk => chunk.Index)];
        return new CompressedContext(UnitSelection.Choose(request.Context, ends, best, request.Fits)) { Details = ranking.Details, Cost = ranking.Cost };
    }
}
