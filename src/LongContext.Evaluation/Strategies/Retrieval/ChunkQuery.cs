namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>What to find among a context's passages.</summary>
public sealed record ChunkQuery
{
    /// <summary>What is looked for, the question as a rule. Required.</summary>
    public required string Text { get; init; }

    /// <summary>The passages, in the order of the text. Required.</summary>
    public required IReadOnlyList<TextChunk> Chunks { get; init; }

    /// <summary>How many are wanted, at least 1. Required.</summary>
    public required int Count { get; init; }

    /// <summary>The model that will be asked, and the way to ask others. Required.</summary>
    public required IModelSession Session { get; init; }
}
