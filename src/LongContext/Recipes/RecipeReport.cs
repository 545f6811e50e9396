using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Evaluations;

namespace LongContext.Recipes;

/// <summary>What a recipe's run came to.</summary>
public sealed record RecipeReport
{
    /// <summary>The recipe's name.</summary>
    public required string Recipe { get; init; }

    /// <summary>Steps, tokens, time.</summary>
    public required TrainingResult Training { get; init; }

    /// <summary>Loss of each step of this call in nats, skipped ones included; without those before a resume.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    /// <summary>Evaluations of the extended model before its first step, of a resumed run those that its beginning noted beside the checkpoints; empty where there were none.</summary>
    public required IReadOnlyList<EvaluationOutcome> Before { get; init; }

    /// <summary>The same after the last step.</summary>
    public required IReadOnlyList<EvaluationOutcome> After { get; init; }

    /// <summary>How full packs were, and what became of sequences that were too long.</summary>
    public required PackingReport Packing { get; init; }

    /// <summary>The checkpoint that the run went on from; null where it began.</summary>
    public string? ResumedFrom { get; init; }

    /// <summary>Whether that checkpoint's run had no step left: nothing was trained, no data looked at, and the result is the checkpoint's, whatever else the recipe asks for.</summary>
    public bool WasFinished => ResumedFrom is not null && Losses.Count == 0;

    /// <summary>Why the saved folder does not say in which chat format the model was tuned; null where it does, and where none was given or nothing saved.</summary>
    public string? ChatFormatFault { get; init; }

    /// <summary>Where the result was saved; null for nowhere.</summary>
    public string? SavedTo { get; init; }

    /// <summary>Whether that is an adapter in PEFT's form; else it is a whole model.</summary>
    public bool SavedAdapter { get; init; }

    /// <summary>The run in a line.</summary>
    public override string ToString() => $"{Recipe}: {Training}" + (ResumedFrom is null ? "" : $", gone on from {ResumedFrom}") + (SavedTo is null ? "" : $", {(SavedAdapter ? "adapter" : "model")} saved to {SavedTo}")
        + (ChatFormatFault is null ? "" : $"; {ChatFormatFault}");
}
