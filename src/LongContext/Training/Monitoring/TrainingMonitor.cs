using System.Diagnostics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using Microsoft.Extensions.Logging;
using TorchSharp;

namespace LongContext.Training.Monitoring;

/// <summary>
/// All that a run tells the world: progress, metrics, spans, event files, evaluations. It watches the clock and changes nothing of the
/// training. One for each call to train.
/// </summary>
internal sealed partial class TrainingMonitor : IDisposable
{
    /// <summary>Steps of a run that goes on until its data ends.</summary>
    private const int NoEnd = int.MaxValue;

    private readonly CausalLanguageModel model;
    private readonly TrainerOptions options;
    private readonly IProgress<TrainingProgress>? progress;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly int totalSteps;
    private readonly long started;
    private readonly RunClock clock = new();
    private readonly TrainingFlops flops;
    private readonly MemoryPeaks memory;
    private readonly double? peakFlops;
    private readonly Activity? run;
    private readonly List<EvaluationOutcome> unreported = [];
    private TensorBoardLog? tensorBoard;
    private Activity? stepActivity;
    private long stepStarted;
    private DateTimeOffset stepStartedAt;
    private TimeSpan stepDuration;

    public TrainingMonitor(
        CausalLanguageModel model, TrainerOptions options, IProgress<TrainingProgress>? progress, TimeProvider timeProvider, ILogger logger, int stepsDone, int totalSteps)
    {
        this.model = model;
        this.options = options;
        this.progress = progress;
        this.timeProvider = timeProvider;
        this.logger = logger;
        this.totalSteps = totalSteps;
        PackCapacity = options.PackCapacity;
        started = timeProvider.GetTimestamp();
        flops = TrainingFlops.Of(model);
        memory = new MemoryPeaks(model.Device);
        bool tensorFloat32 = memory.DeviceName is not null && torch.backends.cuda.matmul.allow_tf32;
        peakFlops = options.DevicePeakFlops ?? (memory.DeviceName is { } name ? DevicePeak.OperationsPerSecond(name, model.DataType, tensorFloat32) : null);
        if (options.TensorBoardFolder is { } folder) tensorBoard = new TensorBoardLog(folder, stepsDone + 1, timeProvider);
        run = TrainingMeter.Source.StartActivity("training.run");
        run?.SetTag("longcontext.training.steps.done", stepsDone).SetTag("longcontext.training.steps.total", totalSteps == NoEnd ? null : totalSteps);
    }

    /// <summary>Tokens that a pack can hold: the options', or what the data says of itself; null where neither does.</summary>
    public long? PackCapacity { get; set; }

    /// <summary>Since the run began.</summary>
    public TimeSpan Elapsed => timeProvider.GetElapsedTime(started);

    /// <summary>Tokens of all steps so far.</summary>
    public long Tokens => clock.Tokens;

    /// <summary>The evaluations that were made last; empty before any.</summary>
    public IReadOnlyList<EvaluationOutcome> LastEvaluations { get; private set; } = [];

    /// <summary>The next step's clock runs from here: getting its data is part of it.</summary>
    public void AwaitData()
    {
        stepStarted = timeProvider.GetTimestamp();
        stepStartedAt = timeProvider.GetUtcNow();
    }

    /// <summary>There is data, so there is a step.</summary>
    public void BeginStep(int step)
    {
        stepActivity = TrainingMeter.Source.StartActivity(ActivityKind.Internal, startTime: stepStartedAt, name: "training.step");
        stepActivity?.SetTag("longcontext.training.step", step);
    }

    /// <summary>The step is over, whatever came of it.</summary>
    public void EndStep(PackedBatch[] packs, StepResult step)
    {
        stepDuration = timeProvider.GetElapsedTime(stepStarted);
        clock.AddStep(stepDuration, packs.Sum(pack => (long)pack.TokenCount), packs.Sum(flops.OfPack));
        memory.Update();
        stepActivity?.SetTag("longcontext.training.step.outcome", TrainingMeter.OutcomeName(step.Outcome)).SetTag("longcontext.training.loss", step.Loss);
        if (step.Reason is not null) stepActivity?.SetStatus(ActivityStatusCode.Error, step.Reason);
        EndStepActivity();
    }

    /// <summary>Tells everyone about the step and the evaluations since the last report.</summary>
    public void Report(int stepsDone, PackedBatch[] packs, StepResult step, double learningRate, GuardState guard)
    {
        TrainingProgress report = Progress(stepsDone, packs, step, learningRate, guard);
        unreported.Clear();
        TrainingMeter.RecordStep(report);
        Quietly(() => tensorBoard?.Report(report));
        progress?.Report(report);
    }

    /// <summary>Writes a checkpoint, under the clock.</summary>
    /// <param name="step">Its step.</param>
    /// <param name="save">Writes it and returns its folder.</param>
    public string Checkpoint(int step, Func<string> save)
    {
        long begun = timeProvider.GetTimestamp();
        using Activity? activity = TrainingMeter.Source.StartActivity("training.checkpoint");
        activity?.SetTag("longcontext.training.step", step);
        string folder = save();
        TimeSpan duration = timeProvider.GetElapsedTime(begun);
        clock.AddCheckpoint(duration);
        TrainingMeter.RecordCheckpoint(duration);
        return folder;
    }

    /// <summary>Notes what ends the run on its span. For an exception filter: always false.</summary>
    public bool Observe(Exception exception)
    {
        string message = exception is OperationCanceledException ? "cancelled" : exception.Message;
        stepActivity?.SetStatus(ActivityStatusCode.Error, message);
        run?.SetStatus(ActivityStatusCode.Error, message);
        return false;
    }

    public void Dispose()
    {
        EndStepActivity();
        run?.Dispose();
        // Those made after the last report.
        Quietly(() => unreported.ForEach(outcome => tensorBoard?.Report(outcome)));
        tensorBoard?.Dispose();
    }

    private TrainingProgress Progress(int stepsDone, PackedBatch[] packs, StepResult step, double learningRate, GuardState guard)
    {
        long stepTokens = packs.Sum(pack => (long)pack.TokenCount);
        TimeSpan elapsed = Elapsed;
        double flopsPerSecond = clock.RecentFlopsPerSecond;
        return new TrainingProgress
        {
            Step = stepsDone,
            TotalSteps = totalSteps == NoEnd ? 0 : totalSteps,
            Outcome = step.Outcome,
            SkippedSteps = guard.SkippedSteps,
            RollBacks = guard.RollBacks,
            Loss = step.Loss,
            GradientNorm = step.GradientNorm,
            LearningRate = learningRate,
            StepTokens = stepTokens,
            Tokens = clock.Tokens,
            TargetShare = packs.Sum(pack => (double)pack.TargetCount) / stepTokens,
            FillRate = PackCapacity is { } capacity ? stepTokens / ((double)capacity * packs.Length) : null,
            TokensPerSecond = clock.Tokens / Math.Max(elapsed.TotalSeconds, 1e-9),
            RecentTokensPerSecond = clock.RecentTokensPerSecond,
            ModelFlopsPerSecond = flopsPerSecond,
            ModelFlopUtilization = flopsPerSecond / peakFlops,
            StepDuration = stepDuration,
            Elapsed = elapsed,
            Remaining = Remaining(stepsDone, elapsed),
            MemoryBytes = Environment.WorkingSet,
            PeakMemoryBytes = memory.Host,
            DevicePeakMemoryBytes = memory.Device,
            Evaluations = [.. unreported],
        };
    }

    private TimeSpan Remaining(int stepsDone, TimeSpan elapsed)
    {
        if (totalSteps == NoEnd) return TimeSpan.Zero;
        int evaluations = options.Evaluations.Count == 0 ? 0 : RunClock.Occurrences(stepsDone, totalSteps, options.EvaluateEverySteps);
        // This step's own checkpoint is written after the report.
        int checkpoints = options.CheckpointFolder is null ? 0 : RunClock.Occurrences(stepsDone - 1, totalSteps, options.CheckpointEverySteps);
        return clock.Remaining(elapsed, totalSteps - stepsDone, evaluations, checkpoints);
    }

    private void EndStepActivity()
    {
        stepActivity?.Dispose();
        stepActivity = null;
    }
}
