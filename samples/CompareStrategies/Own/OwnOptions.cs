using LongContext.Evaluation;
using LongContext.Samples.Shared.Remote;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>What the command line says about a model and data of the user's.</summary>
internal sealed record OwnOptions
{
    /// <summary>A Hugging Face folder; else <see cref="Chat"/> answers.</summary>
    public string? Model { get; init; }

    public RemoteModel? Chat { get; init; }

    /// <summary>The folder of the endpoint's model's tokenizer; null for GPT-4o's.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>Tokens of prompt and answer together that fit; null for what the folder says.</summary>
    public int? Window { get; init; }

    public RemoteModel? ReRanker { get; init; }

    public RemoteModel? Embedding { get; init; }

    /// <summary>A file with a question, its context and answers in each record; else <see cref="LongBenchE"/>.</summary>
    public string? Questions { get; init; }

    /// <summary>The folder of LongBench-E.</summary>
    public string? LongBenchE { get; init; }

    public required string Metric { get; init; }

    /// <summary>The questions' prompt, or null for a plain one.</summary>
    public string? Template { get; init; }

    public required int NewTokens { get; init; }

    /// <summary>Items of each task at most; null for all.</summary>
    public int? MaximumItems { get; init; }

    public required IReadOnlyList<int> Counts { get; init; }

    /// <summary>Characters of a passage.</summary>
    public required int Chunk { get; init; }

    /// <summary>Tokens of a context that truncation, compression and retrieval keep; null for what fits.</summary>
    public int? Budget { get; init; }

    /// <summary>The share of a context's tokens that truncation in the middle and compression keep as well.</summary>
    public double? Compression { get; init; }

    /// <summary>What the answering model's tokens cost; null where that is of no interest.</summary>
    public ModelPrice? Price { get; init; }

    public required string Output { get; init; }
}
