using LongContext.Training.Evaluations;

namespace LongContext.Training;

/// <summary>How a run stands after a step.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps done, skipped ones included. After a roll-back those of the checkpoint.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the whole run; 0 where it goes on until its data ends.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>What came of the step: applied, unless <see cref="TrainerOptions.Guard"/> says otherwise.</summary>
    public StepOutcome Outcome { get; init; }

    /// <summary>Steps skipped so far, those before a resume included.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>Times that the run went back to a checkpoint, those before a resume included.</summary>
    public int RollBacks { get; init; }

    /// <summary>The step's loss: Σ weight · cross-entropy over its packs, divided once by the step's normaliser, in nats. May be NaN or infinite where <see cref="Outcome"/> is not applied.</summary>
    public required double Loss { get; init; }

    /// <summary>Norm of the gradient before clipping; NaN where the loss is not finite.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>The learning rate that the step used.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Tokens of the step, targets or not.</summary>
    public required long StepTokens { get; init; }

    /// <summary>Share of the step's tokens whose next token counts in the loss.</summary>
    public double TargetShare { get; init; }

    /// <summary>The step's tokens over what its packs could hold; null where <see cref="TrainerOptions.PackCapacity"/> does not say.</summary>
    public double? FillRate { get; init; }

    /// <summary>Tokens of all steps since this call to train began, skipped and undone ones included.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens per second since this call to train began, time for evaluations and checkpoints included.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Tokens per second over the last 20 steps, evaluations and checkpoints not counted.</summary>
    public double RecentTokensPerSecond { get; init; }

    /// <summary>The model's floating-point operations per second over the last 20 steps (<see cref="Monitoring.TrainingFlops"/>): recomputation does not count.</summary>
    public double ModelFlopsPerSecond { get; init; }

    /// <summary>
    /// <see cref="ModelFlopsPerSecond"/> over what the device can do at best (<see cref="TrainerOptions.DevicePeakFlops"/>); null where that is not known.
    /// </summary>
    public double? ModelFlopUtilization { get; init; }

    /// <summary>Time of the step, from asking for its data on.</summary>
    public TimeSpan StepDuration { get; init; }

    /// <summary>Time since this call to train began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Estimated time to the end at the rates so far, with the evaluations and checkpoints to come; what has not happened yet
    /// counts as nothing. Zero where the run goes on until its data ends.
    /// </summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>The process's memory in use, in bytes (resident set).</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Highest resident memory of the process so far, in bytes.</summary>
    public long PeakMemoryBytes { get; init; }

    /// <summary>
    /// Highest use of the GPU's memory at the end of a step so far, in bytes, other programs included: libtorch keeps what it took, so
    /// that is the steps' peak. Null on the CPU.
    /// </summary>
    public long? DevicePeakMemoryBytes { get; init; }

    /// <summary>Evaluations made since the report before; empty where none were due.</summary>
    public IReadOnlyList<EvaluationOutcome> Evaluations { get; init; } = [];
}
