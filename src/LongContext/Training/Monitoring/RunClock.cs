namespace LongContext.Training.Monitoring;

/// <summary>
/// Where a run's time went, and what that says of the rest. Steps, evaluations and checkpoints are kept apart, because they come at
/// different rates: a step that takes a second with an evaluation of a minute every hundred is not a step of 1.6 seconds to come.
/// </summary>
internal sealed class RunClock
{
    /// <summary>Steps that smoothed rates go over: enough that packs of different lengths even out, few enough to follow a change.</summary>
    public const int RecentSteps = 20;

    private readonly Queue<(TimeSpan Duration, long Tokens, double Flops)> recent = new();
    private TimeSpan evaluationTime;
    private TimeSpan checkpointTime;
    private int steps;
    private int evaluations;
    private int checkpoints;

    /// <summary>Tokens of all steps so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Tokens a second of the last steps, evaluations and checkpoints not counted.</summary>
    public double RecentTokensPerSecond => Rate(recent.Sum(step => (double)step.Tokens));

    /// <summary>The model's operations a second in the last steps.</summary>
    public double RecentFlopsPerSecond => Rate(recent.Sum(step => step.Flops));

    public void AddStep(TimeSpan duration, long tokens, double flops)
    {
        steps++;
        Tokens += tokens;
        recent.Enqueue((duration, tokens, flops));
        if (recent.Count > RecentSteps) recent.Dequeue();
    }

    /// <summary>One pass over all evaluations.</summary>
    public void AddEvaluation(TimeSpan duration)
    {
        evaluations++;
        evaluationTime += duration;
    }

    public void AddCheckpoint(TimeSpan duration)
    {
        checkpoints++;
        checkpointTime += duration;
    }

    /// <summary>Estimated time to the end. What has not happened yet counts as nothing until it has.</summary>
    /// <param name="elapsed">Since the run began; what was neither evaluation nor checkpoint went into steps.</param>
    /// <param name="stepsLeft">Steps to come.</param>
    /// <param name="evaluationsLeft">Passes over the evaluations to come.</param>
    /// <param name="checkpointsLeft">Checkpoints to come.</param>
    public TimeSpan Remaining(TimeSpan elapsed, int stepsLeft, int evaluationsLeft, int checkpointsLeft) =>
        (Mean(elapsed - evaluationTime - checkpointTime, steps) * stepsLeft)
        + (Mean(evaluationTime, evaluations) * evaluationsLeft)
        + (Mean(checkpointTime, checkpoints) * checkpointsLeft);

    /// <summary>How often something happens after a step in (done, total]: at every multiple, and at the last step.</summary>
    public static int Occurrences(int done, int total, int? every)
    {
        if (done >= total) return 0;
        if (every is not { } interval) return 1;
        return (total / interval) - (done / interval) + (total % interval == 0 ? 0 : 1);
    }

    private static TimeSpan Mean(TimeSpan sum, int count) => count == 0 ? TimeSpan.Zero : sum / count;

    private double Rate(double amount) => amount / Math.Max(recent.Sum(step => step.Duration.TotalSeconds), 1e-9);
}
