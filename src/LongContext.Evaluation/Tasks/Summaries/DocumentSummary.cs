namespace LongContext.Evaluation.Tasks.Summaries;

/// <summary>A document and what a summary of it should be like.</summary>
public sealed record DocumentSummary
{
    /// <summary>The document. Required.</summary>
    public required string Document { get; init; }

    /// <summary>Summaries, at least one; each ROUGE counts against that one which gives it the highest F1. Required.</summary>
    public required IReadOnlyList<string> Summaries { get; init; }

    /// <summary>Names it, the same in every run; null (the default) for "#1" and so on, by its number.</summary>
    public string? Id { get; init; }

    /// <summary>The part of the task it counts in, such as the book; null (the default) for none.</summary>
    public string? Group { get; init; }
}
