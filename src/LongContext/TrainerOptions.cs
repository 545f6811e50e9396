using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using LongContext.Training.Optimizers;

namespace LongContext;

/// <summary>How <see cref="LongContextTrainer"/> trains. Validated when the trainer is made, all faults in one exception.</summary>
public sealed record TrainerOptions
{
    /// <summary>
    /// Optimizer steps of the whole run. Null (the default): as many as <see cref="Epochs"/> passes over the data take, or, of a stream,
    /// until it ends. A stream that ends before ends the run.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>Passes over the data where <see cref="Steps"/> is null; a stream knows its own. Default 1.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Packs of one step; its loss is one sum divided once, however many packs it comes in. Default 1.</summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>Peak learning rate. Default 1e-4.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Course of the learning rate. Default: cosine without warm-up.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine();

    /// <summary>The optimizer and its constants. Default: AdamW.</summary>
    public OptimizerOptions Optimizer { get; init; } = new AdamWOptions();

    /// <summary>Parameters with a learning rate or weight decay of their own, by their names. Default: none.</summary>
    public IReadOnlyList<ParameterGroup> ParameterGroups { get; init; } = [];

    /// <summary>
    /// What a step keeps in memory between forward and backward. Null (the default): the fastest policy that
    /// <see cref="Training.Memory.MemoryPlanner"/> says fits the device, decided by each pack's length and told to the logger.
    /// Results do not depend on it by a bit, unless memory is so short that attention walks its heads in groups
    /// (<see cref="ActivationPolicy.KeyValueHeadsAtATime"/>): set a policy where a run shall go on to the bit on a machine with other memory.
    /// </summary>
    public ActivationPolicy? Activations { get; init; }

    /// <summary>
    /// Whether each layer's gradient is applied and freed as soon as it is whole, so that gradients of one layer exist at a time. Default false.
    /// Needs one pack a step and no clipping, because the norm of all gradients is not known in time: <see cref="GradientAccumulationSteps"/> 1
    /// and <see cref="MaximumGradientNorm"/> null. A gradient that is not finite is found when layers above have changed already: where
    /// <see cref="Guard"/> then stops the run, the model's weights are no whole step's and the last checkpoint's count.
    /// </summary>
    public bool AppliesGradientsByLayer { get; init; }

    /// <summary>ζ of the z-loss ζ·log²Z, which keeps logits from drifting (PaLM, arXiv:2204.02311, §5: 1e-4). Default 0: none. Not part of the reported loss.</summary>
    public double ZLoss { get; init; }

    /// <summary>Gradients longer than this are scaled down to it; null for never. Default 1.</summary>
    public double? MaximumGradientNorm { get; init; } = 1;

    /// <summary>Seed of the order in which a list of packs is walked, and of stochastic rounding. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Folder for checkpoints; null (the default) for none. It is made and held before the first step: one that cannot be written to, or that another run has, is an <see cref="IOException"/>
    /// or <see cref="UnauthorizedAccessException"/> then.
    /// </summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>
    /// Whether a run may begin in a <see cref="CheckpointFolder"/> that holds checkpoints of later steps than it begins with, of another run, or of later steps of its own where it is resumed from an earlier one. They are removed once its first own after a step is whole. Default
    /// false: such a run is refused, since <see cref="LongContextTrainer.ResumeLatest"/> would go on with the other's.
    /// </summary>
    public bool OverwriteCheckpoints { get; init; }

    /// <summary>Steps between checkpoints; null (the default) for the end only. Needs <see cref="CheckpointFolder"/>.</summary>
    public int? CheckpointEverySteps { get; init; }

    /// <summary>Newest checkpoints to keep. Default 2.</summary>
    public int CheckpointsToKeep { get; init; } = 2;

    /// <summary>Keep the checkpoint with the lowest metric too, where checkpoints are written with one. Default false. Needs <see cref="CheckpointFolder"/> and <see cref="Evaluations"/>.</summary>
    public bool KeepBestCheckpoint { get; init; }

    /// <summary>
    /// Packs of a stream that are made ahead, on a thread of their own, beside the step; 0 makes each when it is needed, on the thread
    /// that trains. Packs taken by number are never made ahead. Default 2.
    /// </summary>
    public int PrefetchedPacks { get; init; } = 2;

    /// <summary>What is done about losses and gradients that are not finite, and about loss spikes. Default: the first stop the run, the second pass.</summary>
    public TrainingGuardOptions Guard { get; init; } = new();

    /// <summary>
    /// What is measured while training; their names differ. The first that has a primary figure decides which checkpoint is the best
    /// (<see cref="KeepBestCheckpoint"/>), among those written right after an evaluation. Default: nothing.
    /// </summary>
    public IReadOnlyList<ITrainingEvaluation> Evaluations { get; init; } = [];

    /// <summary>Steps between evaluations; null (the default) for the end only. Needs <see cref="Evaluations"/>.</summary>
    public int? EvaluateEverySteps { get; init; }

    /// <summary>Whether evaluations are made before the first step too, to see what training changed. Default false.</summary>
    public bool EvaluateAtStart { get; init; }

    /// <summary>Folder for TensorBoard's event files; null (the default) for none. One that cannot be begun is an <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> before the first step; a later failure to write is logged and ends them, not the run.</summary>
    public string? TensorBoardFolder { get; init; }

    /// <summary>
    /// Floating-point operations a second that the device can do at best in the model's type, which utilisation is measured against.
    /// Null (the default): that of the GPU where <see cref="Training.Monitoring.DevicePeak"/> knows it.
    /// </summary>
    public double? DevicePeakFlops { get; init; }

    /// <summary>Tokens that a pack can hold, which the fill rate is measured against (<see cref="Packing.SequencePackerOptions"/>); null (the default): what a stream of packs says of itself, else unknown.</summary>
    public int? PackCapacity { get; init; }

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        if (Faults() is { Count: > 0 } faults) throw new ArgumentException("TrainerOptions: " + string.Join("; ", faults) + ".");
    }

    /// <summary>What cannot be used, a sentence each.</summary>
    internal List<string> Faults()
    {
        List<string> faults =
        [
            .. Optimizer is null ? ["Optimizer must not be null"] : Optimizer.Faults(),
            .. ParameterGroups is null ? ["ParameterGroups must not be null"] : ParameterRules.Faults(ParameterGroups),
        ];
        if (Activations is not null) faults.AddRange(Activations.Faults());
        if (!(ZLoss >= 0 && double.IsFinite(ZLoss))) faults.Add($"ZLoss must not be negative, but is {ZLoss}");
        if (AppliesGradientsByLayer && GradientAccumulationSteps != 1) faults.Add($"AppliesGradientsByLayer needs GradientAccumulationSteps 1, but it is {GradientAccumulationSteps}");
        if (AppliesGradientsByLayer && MaximumGradientNorm is not null) faults.Add($"AppliesGradientsByLayer needs MaximumGradientNorm null, but it is {MaximumGradientNorm}");
        if (AppliesGradientsByLayer && Guard?.NonFinite == GuardAction.SkipStep) faults.Add("AppliesGradientsByLayer cannot leave out a step that is partly applied: Guard.NonFinite must be Stop or RollBack");
        if (Steps is < 1) faults.Add($"Steps must be at least 1, but is {Steps}");
        if (Epochs < 1) faults.Add($"Epochs must be at least 1, but is {Epochs}");
        if (GradientAccumulationSteps < 1) faults.Add($"GradientAccumulationSteps must be at least 1, but is {GradientAccumulationSteps}");
        if (!(LearningRate > 0) || !double.IsFinite(LearningRate)) faults.Add($"LearningRate must be positive, but is {LearningRate}");
        if (Schedule is null) faults.Add("Schedule must not be null");
        if (MaximumGradientNorm is { } norm && !(norm > 0)) faults.Add($"MaximumGradientNorm must be positive, but is {norm}");
        if (CheckpointEverySteps is < 1) faults.Add($"CheckpointEverySteps must be at least 1, but is {CheckpointEverySteps}");
        if (CheckpointEverySteps is not null && CheckpointFolder is null) faults.Add("CheckpointEverySteps is set, but CheckpointFolder is not");
        if (OverwriteCheckpoints && CheckpointFolder is null) faults.Add("OverwriteCheckpoints is set, but CheckpointFolder is not");
        if (CheckpointFolder is { } folder && string.IsNullOrWhiteSpace(folder)) faults.Add("CheckpointFolder must name a folder, but is empty");
        if (CheckpointsToKeep < 1) faults.Add($"CheckpointsToKeep must be at least 1, but is {CheckpointsToKeep}");
        if (KeepBestCheckpoint && CheckpointFolder is null) faults.Add("KeepBestCheckpoint is set, but CheckpointFolder is not");
        if (KeepBestCheckpoint && Evaluations is { Count: 0 }) faults.Add("KeepBestCheckpoint is set, but Evaluations is empty: nothing says which is the best");
        if (PrefetchedPacks < 0) faults.Add($"PrefetchedPacks must not be negative, but is {PrefetchedPacks}");
        faults.AddRange(MonitoringFaults());
        return faults;
    }

    private IEnumerable<string> MonitoringFaults()
    {
        foreach (string fault in Guard is null ? ["Guard must not be null"] : Guard.Faults()) yield return fault;
        if (Guard is { RollsBack: true } && CheckpointFolder is null) yield return "Guard rolls back, but CheckpointFolder is not set";
        if (Evaluations is null || Evaluations.Any(evaluation => evaluation is null)) yield return "Evaluations must not be null, nor hold null";
        else if (Evaluations.GroupBy(evaluation => evaluation.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            yield return $"Evaluations must have different names, but {twice.Count()} are called '{twice.Key}'";
        if (EvaluateEverySteps is < 1) yield return $"EvaluateEverySteps must be at least 1, but is {EvaluateEverySteps}";
        if ((EvaluateEverySteps is not null || EvaluateAtStart) && Evaluations is { Count: 0 })
            yield return "EvaluateEverySteps or EvaluateAtStart is set, but Evaluations is empty";
        if (TensorBoardFolder is { } log && string.IsNullOrWhiteSpace(log)) yield return "TensorBoardFolder must name a folder, but is empty";
        if (DevicePeakFlops is { } peak && !(peak > 0 && double.IsFinite(peak))) yield return $"DevicePeakFlops must be positive, but is {peak}";
        if (PackCapacity is < 1) yield return $"PackCapacity must be at least 1, but is {PackCapacity}";
    }
}
