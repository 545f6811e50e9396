using LongContext.Models;
using LongContext.Training.Guarding;
using LongContext.Training.Optimizers;

namespace LongContext.Training;

/// <summary>All that a checkpoint holds.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Model">The weights.</param>
/// <param name="Optimizer">Its state.</param>
/// <param name="Data">Where the run stands in its data.</param>
/// <param name="Metric">How good the model is, the lower the better, for example an evaluation's loss; null where that is not known.</param>
internal sealed record TrainingSnapshot(int Step, CausalLanguageModel Model, Optimizer Optimizer, DataPosition Data, double? Metric = null)
{
    /// <summary>What the guard has seen.</summary>
    public GuardState Guard { get; init; } = GuardState.Start;

    /// <summary>The step that evaluations were made after last; null for none.</summary>
    public int? EvaluatedStep { get; init; }
}
