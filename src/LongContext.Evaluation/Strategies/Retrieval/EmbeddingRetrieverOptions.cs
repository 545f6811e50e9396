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

    internal IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(Name)) yield return $"{nameof(Name)} is empty";
        if (QueryPrefix is null) yield return $"{nameof(QueryPrefix)} is null";
        if (PassagePrefix is null) yield return $"{nameof(PassagePrefix)} is null";
        if (BatchSize < 1) yield return $"{nameof(BatchSize)} is {BatchSize}, expected at least 1";
        if (CacheCapacity < 0) yield return $"{nameof(CacheCapacity)} is {CacheCapacity}, expected 0 or more";
    }
}
