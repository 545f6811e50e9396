using System.Globalization;
using LongContext.Training.Evaluations;

namespace LongContext.Training;

/// <summary>What a run came to.</summary>
public sealed record TrainingResult
{
    /// <summary>Steps done, earlier ones of a resumed run included.</summary>
    public required int Steps { get; init; }

    /// <summary>Tokens trained on in this call.</summary>
    public required long Tokens { get; init; }

    /// <summary>The last applied step's loss in nats; null when there was none: nothing was left to do, or every step was skipped.</summary>
    public required double? FinalLoss { get; init; }

    /// <summary>Steps that were skipped (<see cref="TrainerOptions.Guard"/>), those before a resume included.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>Times that the run went back to a checkpoint, those before a resume included.</summary>
    public int RollBacks { get; init; }

    /// <summary>The evaluations made last in this call; empty where there were none.</summary>
    public IReadOnlyList<EvaluationOutcome> Evaluations { get; init; } = [];

    /// <summary>Time the call took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The run in a line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"step {Steps}, {Tokens:N0} tokens in {Elapsed.TotalSeconds:N1} s")
        + (FinalLoss is null ? ", nothing trained" : string.Create(CultureInfo.InvariantCulture, $", last loss {FinalLoss:F4}"))
        + (SkippedSteps > 0 ? string.Create(CultureInfo.InvariantCulture, $", {SkippedSteps} step(s) skipped") : "") + (RollBacks > 0 ? string.Create(CultureInfo.InvariantCulture, $", rolled back {RollBacks} time(s)") : "");
}
