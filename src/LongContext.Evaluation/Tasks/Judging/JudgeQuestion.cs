namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>What a judge is told of a question. The long text it is about is not part of that: the reference stands for it.</summary>
public sealed record JudgeQuestion
{
    /// <summary>The question. Required.</summary>
    public required string Question { get; init; }

    /// <summary>A right answer, which others are held against. Required.</summary>
    public required string Reference { get; init; }

    /// <summary>Answers that were rated before. Default: none.</summary>
    public IReadOnlyList<RatedAnswer> Examples { get; init; } = [];
}
