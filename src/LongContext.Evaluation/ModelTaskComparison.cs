namespace LongContext.Evaluation;

/// <summary>What two models reached in a task, on the items that both were asked.</summary>
public sealed record ModelTaskComparison
{
    /// <summary>The task's name. Required.</summary>
    public required string Task { get; init; }

    /// <summary>Whether a lower score is the better one. Default: false.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>Items that both were asked, which all else here is over. Required.</summary>
    public required int Items { get; init; }

    /// <summary>The model's mean score, or null where there is no such item.</summary>
    public double? Mean { get; init; }

    /// <summary>The other model's, or null.</summary>
    public double? BaselineMean { get; init; }

    /// <summary><see cref="Mean"/> less <see cref="BaselineMean"/>, or null.</summary>
    public double? Difference { get; init; }

    /// <summary>Where the difference lies with 95 % confidence, or null where there are too few items to say.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>Items that the model answered better. Default: 0.</summary>
    public int Better { get; init; }

    /// <summary>Items that both answered alike. Default: 0.</summary>
    public int Same { get; init; }

    /// <summary>Items that the model answered worse. Default: 0.</summary>
    public int Worse { get; init; }

    /// <summary>
    /// True where the model is surely better, false where it is surely worse, null where the difference is not sure. Sure is what leaves 0 out of <see cref="Interval"/>, with at least six items that differ;
    /// where scores are 0 or 1 McNemar's exact test must say so too. Default: null.
    /// </summary>
    public bool? IsBetter { get; init; }
}
