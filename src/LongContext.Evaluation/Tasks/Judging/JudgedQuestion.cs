namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>An open question of your own, with an answer that others are held against.</summary>
public sealed record JudgedQuestion
{
    /// <summary>The question. Required.</summary>
    public required string Question { get; init; }

    /// <summary>A right answer. Required.</summary>
    public required string Reference { get; init; }

    /// <summary>The long text it is about, or null (the default) for none.</summary>
    public string? Context { get; init; }

    /// <summary>Names it, the same in every run; null (the default) for "#1" and so on, by its number.</summary>
    public string? Id { get; init; }

    /// <summary>The part of the task it counts in, for which there is a figure of its own; null (the default) for none.</summary>
    public string? Group { get; init; }

    /// <summary>Answers that were rated before, which judges are shown. Default: none.</summary>
    public IReadOnlyList<RatedAnswer> Examples { get; init; } = [];
}
