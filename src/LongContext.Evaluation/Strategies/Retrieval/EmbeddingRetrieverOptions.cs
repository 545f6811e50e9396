using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Options of an <see cref="EmbeddingRetriever"/> or a <see cref="VectorStoreRetriever"/>.</summary>
public sealed record EmbeddingRetrieverOptions
{
    /// <summary>The name in reports. Default: "embeddings".</summary>
    public string Name { get; init; } = "embeddings";

    /// <summary>The embedding model, for the run's identity; null (the default) for what the generator says of itself.</summary>
    public string? Model { get; init; }

    /// <summary>What stands before a question for the model to know it by, such as "query: ". Default: nothing.</summary>
    public string QueryPrefix { get; init; } = string.Empty;

    /// <summary>What stands before a passage, such as "passage: ". Default: nothing.</summary>
    public string PassagePrefix { get; init; } = string.Empty;

    /// <summary>Texts given to the generator at once, at least 1. Default: 64.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>
    /// Embeddings kept so that a passage is embedded once, however many questions there are on its context, at least 0; those that came first go first. Default:
    /// 200,000 (300 MB at 384 dimensions).
    /// </summary>
    public int CacheCapacity { get; init; } = 200_000;

    /// <summary>
    /// A file that embeddings are kept in, so that a run that is started again, or another on the same texts, asks for none a second time; made, with its folder, where it is not there. Several retrievers of one
    /// model may share it, at the same time too. Null (the default): they are kept in memory as long as the retriever is there.
    /// </summary>
    public string? CacheFile { get; init; }

    /// <summary>
    /// How the generator is asked: requests at once and a minute, tries, waits, time-out, failures in a row, the clock; what else there is plays no part. After too many failures in a row
    /// nothing is asked for <see cref="EvaluationRunOptions.MaximumRetryDelay"/>, then once more and so on; the items meanwhile fail, and are asked again when the run is started again on its folder.
    /// Give a run's options here to have both alike. Default: four requests at once, six tries.
    /// </summary>
    public EvaluationRunOptions Requests { get; init; } = new();

    /// <summary>
    /// What a million tokens cost to embed, at least 0, in the currency of the models' prices; the tokens are counted by the tokenizer of the model that is asked. 0 for a generator on the machine
    /// itself. Null (the default): nobody knows, and the cost of the items is unknown.
    /// </summary>
    public decimal? PricePerMillionTokens { get; init; }

    /// <summary>A ranking with what the embeddings that it compares cost.</summary>
    internal ChunkRanking WithCost(ChunkRanking ranking, ChunkQuery query)
    {
        Tokenizer tokenizer = query.Session.Model.Tokenizer;
        long tokens = tokenizer.CountTokens(QueryPrefix + query.Text);
        foreach (TextChunk chunk in query.Chunks)
        {
            if (!string.IsNullOrWhiteSpace(chunk.Text)) tokens += tokenizer.CountTokens(PassagePrefix + chunk.Text);
        }

        return ranking with
        {
            Details = StrategyDetails.Sum(ranking.Details, new Dictionary<string, double> { [StrategyDetails.EmbeddedTokens] = tokens }),
            Cost = ranking.Cost + (PricePerMillionTokens * tokens / 1_000_000m),
        };
    }

    internal IEnumerable<string> Faults()
    {
        if (CacheFile is not null && string.IsNullOrWhiteSpace(CacheFile)) yield return $"{nameof(CacheFile)} is empty";
        if (Requests is null) yield return $"{nameof(Requests)} is null";
        if (PricePerMillionTokens < 0) yield return FormattableString.Invariant($"{nameof(PricePerMillionTokens)} is {PricePerMillionTokens}, expected 0 or more");
        if (string.IsNullOrWhiteSpace(Name)) yield return $"{nameof(Name)} is empty";
        if (QueryPrefix is null) yield return $"{nameof(QueryPrefix)} is null";
        if (PassagePrefix is null) yield return $"{nameof(PassagePrefix)} is null";
        if (BatchSize < 1) yield return $"{nameof(BatchSize)} is {BatchSize}, expected at least 1";
        if (CacheCapacity < 0) yield return $"{nameof(CacheCapacity)} is {CacheCapacity}, expected 0 or more";
    }
}
