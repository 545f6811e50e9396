using LongContext.Training.Evaluations;

namespace LongContext.Training.Monitoring;

/// <summary>
/// Writes a run's progress as event files that TensorBoard reads. Give it to the trainer as progress, or let
/// <see cref="TrainerOptions.TensorBoardFolder"/> do so.
/// </summary>
/// <remarks>
/// Each log begins a file of its own, so a resumed run adds one beside the earlier ones; its first record tells TensorBoard to forget
/// what those hold of the steps that come again, and so does each roll-back. A report is with the operating system when
/// <see cref="Report(TrainingProgress)"/> returns and on the disk at most 30 seconds later. Not safe for use by several threads at once.
/// </remarks>
public sealed class TensorBoardLog : IProgress<TrainingProgress>, IDisposable
{
    private static readonly TimeSpan DiskInterval = TimeSpan.FromSeconds(30);

    private readonly TimeProvider timeProvider;
    private readonly EventFile file;
    private long flushed;

    /// <summary>Begins an event file.</summary>
    /// <param name="folder">The run's folder of logs; made where it is not there.</param>
    /// <param name="firstStep">The first step that will be reported. Default 1; for a resumed run one more than the steps done.</param>
    /// <param name="timeProvider">Clock for the events' times; null for the system's.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public TensorBoardLog(string folder, int firstStep = 1, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(firstStep);
        this.timeProvider = timeProvider ?? TimeProvider.System;
        file = new EventFile(folder, firstStep, this.timeProvider);
        flushed = this.timeProvider.GetTimestamp();
    }

    /// <summary>The event file.</summary>
    public string FilePath => file.Path;

    /// <inheritdoc />
    /// <exception cref="IOException">The disk is full, or the file cannot be written for another reason.</exception>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Outcome == StepOutcome.RolledBack) file.WriteRestart(value.Step + 1);
        else file.WriteScalars(value.Step, Scalars(value));
        foreach (EvaluationOutcome evaluation in value.Evaluations) Report(evaluation);
        FlushNowAndThen();
    }

    /// <summary>Writes an evaluation's figures, under the evaluation's name; <see cref="Report(TrainingProgress)"/> does so with those it brings.</summary>
    /// <param name="outcome">The evaluation.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Report(EvaluationOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        Write(outcome.Step, outcome.Result.Values.Select(value => KeyValuePair.Create($"{outcome.Name}/{value.Key}", value.Value)));
    }

    /// <summary>Writes figures of your own.</summary>
    /// <param name="step">The step they belong to.</param>
    /// <param name="scalars">Figures by tag; what stands before the first / groups them.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        ArgumentNullException.ThrowIfNull(scalars);
        file.WriteScalars(step, scalars);
        FlushNowAndThen();
    }

    /// <summary>Ends the file, all of it on the disk.</summary>
    public void Dispose()
    {
        try
        {
            file.FlushToDisk();
        }
        catch (Exception e) when (e is ObjectDisposedException or IOException)
        {
            // A second call, or a full disk that Report has told of: disposing must not hide what came first.
        }

        file.Dispose();
    }

    private static IEnumerable<KeyValuePair<string, double>> Scalars(TrainingProgress progress)
    {
        yield return new("train/loss", progress.Loss);
        yield return new("train/gradient_norm", progress.GradientNorm);
        yield return new("train/learning_rate", progress.LearningRate);
        yield return new("train/tokens", progress.Tokens);
        yield return new("train/target_share", progress.TargetShare);
        if (progress.FillRate is { } fill) yield return new("train/fill_rate", fill);
        if (progress.SkippedSteps > 0) yield return new("train/skipped_steps", progress.SkippedSteps);
        if (progress.RollBacks > 0) yield return new("train/roll_backs", progress.RollBacks);
        yield return new("speed/tokens_per_second", progress.RecentTokensPerSecond);
        yield return new("speed/step_seconds", progress.StepDuration.TotalSeconds);
        if (progress.ModelFlopUtilization is { } utilization) yield return new("speed/model_flop_utilization", utilization);
        yield return new("memory/peak_gib", progress.PeakMemoryBytes / (double)(1 << 30));
        if (progress.DevicePeakMemoryBytes is { } device) yield return new("memory/device_peak_gib", device / (double)(1 << 30));
    }

    private void FlushNowAndThen()
    {
        if (timeProvider.GetElapsedTime(flushed) < DiskInterval) return;
        file.FlushToDisk();
        flushed = timeProvider.GetTimestamp();
    }
}
