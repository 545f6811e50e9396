using LongContext.Data.Examples;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Finds passages by meaning: the cosine of the question's embedding and each passage's, all of them compared.</summary>
/// <remarks>
/// A passage is embedded once as long as it is kept, whatever the number of questions on its context, of strategies with this retriever and of passages they ask for; with a
/// <see cref="EmbeddingRetrieverOptions.CacheFile"/> also by runs to come. Time counts for the item that embeds; cost counts for every item, as that of answers which are kept does.
/// Passages of equal score are in the order of the text; blank ones come last and are not embedded.
/// </remarks>
public sealed class EmbeddingRetriever : IChunkRetriever
{
    private readonly EmbeddingRetrieverOptions options;
    private readonly string model;
    private readonly EmbeddingCache embeddings;

    /// <summary>A retriever.</summary>
    /// <param name="generator">Makes embeddings; not disposed of. May be called for several contexts at once.</param>
    /// <param name="options">Options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">
    /// Options out of range, all of them in the message; or the generator does not say which model it has, and <see cref="EmbeddingRetrieverOptions.Model"/> is null.
    /// </exception>
    public EmbeddingRetriever(IEmbeddingGenerator<string, Embedding<float>> generator, EmbeddingRetrieverOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        this.options = options ?? new();
        SettingsFaults.Throw(nameof(EmbeddingRetrieverOptions), this.options.Faults(), nameof(options));
        this.options.Requests.Validate();
        model = EmbeddingModels.NameOf(generator, this.options.Model);
        embeddings = new EmbeddingCache(generator, model, this.options);
    }

    /// <inheritdoc />
    public string Name => options.Name;

    /// <inheritdoc />
    public string Identity => $"embeddings {StrategyNames.Quoted(model)}, query {StrategyNames.Quoted(options.QueryPrefix)}, passage {StrategyNames.Quoted(options.PassagePrefix)}";

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The generator gave embeddings of different lengths, too few of them, or one with a value that is not a number.</exception>
    /// <exception cref="EvaluationRunException">The file of embeddings cannot be used.</exception>
    public async ValueTask<ChunkRanking> RankAsync(ChunkQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        float[][] passages = await embeddings.GetAsync([.. query.Chunks.Select(Passage)], cancellationToken).ConfigureAwait(false);
        float[] question = (await embeddings.GetAsync([string.IsNullOrWhiteSpace(query.Text) ? string.Empty : options.QueryPrefix + query.Text], cancellationToken).ConfigureAwait(false))[0];
        RankedChunk[] ranked = TopRanks.Of(VectorSearch.Cosines(question, passages), query.Count);
        // Blank passages have no direction.
        return options.WithCost(new ChunkRanking(ranked) { FoundCount = ranked.Count(chunk => !double.IsNegativeInfinity(chunk.Score)) }, query);
    }

    private string Passage(TextChunk chunk) => string.IsNullOrWhiteSpace(chunk.Text) ? string.Empty : options.PassagePrefix + chunk.Text;
}
