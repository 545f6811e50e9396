namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>A context to make shorter.</summary>
public sealed record CompressionRequest
{
    /// <summary>The context. Required.</summary>
    public required string Context { get; init; }

    /// <summary>What will be asked about it; it may be empty. Required.</summary>
    public required string Query { get; init; }

    /// <summary>The most tokens that may be left of it, as the tokenizer of the session's model counts. Required.</summary>
    public required int MaximumTokens { get; init; }

    /// <summary>Says whether a text is short enough: within the budget by itself, and within the model's window together with the question. Required.</summary>
    public required Func<string, bool> Fits { get; init; }

    /// <summary>The model that will be asked, and the way to ask others. Required.</summary>
    public required IModelSession Session { get; init; }
}
