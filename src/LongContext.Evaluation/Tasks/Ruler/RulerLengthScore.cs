namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>What a model reached in RULER's tasks at one length.</summary>
/// <param name="Length">The length in tokens.</param>
/// <param name="Average">The mean of the tasks' scores, 0 to 100.</param>
/// <param name="Scores">The tasks' scores by their names, 0 to 100 with two digits.</param>
public sealed record RulerLengthScore(int Length, double Average, IReadOnlyDictionary<string, double> Scores)
{
    /// <summary>Where the average lies with 95 % confidence, 0 to 100, every task alike; null where the items do not say.</summary>
    public ConfidenceInterval? Interval { get; init; }
}
