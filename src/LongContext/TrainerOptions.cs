using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext;

/// <summary>How <see cref="LongContextTrainer"/> trains. Validated when the trainer is made, all faults in one exception.</summary>
public sealed class TrainerOptions
{
    /// <summary>Optimizer steps of the whole run. Null (the default): as many as <see cref="Epochs"/> passes over the data take.</summary>
    public int? Steps { get; init; }

    /// <summary>Passes over the data where <see cref="Steps"/> is null. Default 1.</summary>
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

    /// <summary>Gradients longer than this are scaled down to it; null for never. Default 1.</summary>
    public double? MaximumGradientNorm { get; init; } = 1;

    /// <summary>Seed of the order in which a list of packs is walked, and of stochastic rounding. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Folder for checkpoints; null (the default) for none.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>Steps between checkpoints; null (the default) for the end only. Needs <see cref="CheckpointFolder"/>.</summary>
    public int? CheckpointEverySteps { get; init; }

    /// <summary>Newest checkpoints to keep. Default 2.</summary>
    public int CheckpointsToKeep { get; init; } = 2;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        List<string> faults =
        [
            .. Optimizer is null ? ["Optimizer must not be null"] : Optimizer.Faults(),
            .. ParameterGroups is null ? ["ParameterGroups must not be null"] : ParameterRules.Faults(ParameterGroups),
        ];
        if (Steps is < 1) faults.Add($"Steps must be at least 1, but is {Steps}");
        if (Epochs < 1) faults.Add($"Epochs must be at least 1, but is {Epochs}");
        if (GradientAccumulationSteps < 1) faults.Add($"GradientAccumulationSteps must be at least 1, but is {GradientAccumulationSteps}");
        if (!(LearningRate > 0) || !double.IsFinite(LearningRate)) faults.Add($"LearningRate must be positive, but is {LearningRate}");
        if (Schedule is null) faults.Add("Schedule must not be null");
        if (MaximumGradientNorm is { } norm && !(norm > 0)) faults.Add($"MaximumGradientNorm must be positive, but is {norm}");
        if (CheckpointEverySteps is < 1) faults.Add($"CheckpointEverySteps must be at least 1, but is {CheckpointEverySteps}");
        if (CheckpointEverySteps is not null && CheckpointFolder is null) faults.Add("CheckpointEverySteps is set, but CheckpointFolder is not");
        if (CheckpointFolder is { } folder && string.IsNullOrWhiteSpace(folder)) faults.Add("CheckpointFolder must name a folder, but is empty");
        if (CheckpointsToKeep < 1) faults.Add($"CheckpointsToKeep must be at least 1, but is {CheckpointsToKeep}");
        if (faults.Count > 0) throw new ArgumentException("TrainerOptions: " + string.Join("; ", faults) + ".");
    }
}
