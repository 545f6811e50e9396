namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>How a judge is asked and its rating read.</summary>
public sealed record JudgeOptions
{
    /// <summary>The lowest rating. Default: 1.</summary>
    public double LowestRating { get; init; } = 1;

    /// <summary>The highest rating, above the lowest and above 0; a score is the rating divided by it. Default: 10.</summary>
    public double HighestRating { get; init; } = 10;

    /// <summary>How often it is asked until its rating can be read, at least 1. Default: 5, as LongBench-Chat.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>
    /// Tokens of its reply at most, at least 1; fewer where the judge's window has no room for so many, for which its <see cref="EvaluationModel.ContextLength"/> must be set: a server with a
    /// shorter window refuses the request otherwise. Default: 4096: LongBench-Chat's script sets no limit, and models that think before they rate
    /// need some.
    /// </summary>
    public int MaximumNewTokens { get; init; } = 4096;

    /// <summary>Temperature of its reply, at least 0. Default: 0.</summary>
    public double Temperature { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (!double.IsFinite(LowestRating)) faults.Add(FormattableString.Invariant($"{nameof(LowestRating)} is {LowestRating}, expected a number"));
        if (!(HighestRating > Math.Max(0, LowestRating) && double.IsFinite(HighestRating)))
            faults.Add(FormattableString.Invariant($"{nameof(HighestRating)} is {HighestRating}, expected a number above {Math.Max(0, LowestRating)}"));
        if (Attempts < 1) faults.Add(FormattableString.Invariant($"{nameof(Attempts)} is {Attempts}, expected at least 1"));
        if (MaximumNewTokens < 1) faults.Add(FormattableString.Invariant($"{nameof(MaximumNewTokens)} is {MaximumNewTokens}, expected at least 1"));
        if (!(Temperature >= 0 && double.IsFinite(Temperature))) faults.Add(FormattableString.Invariant($"{nameof(Temperature)} is {Temperature}, expected at least 0"));
        if (faults.Count > 0) throw new ArgumentException($"{nameof(JudgeOptions)}: {string.Join("; ", faults)}.");
    }
}
