namespace LongContext.Training.Evaluations;

/// <summary>An evaluation's result within a run.</summary>
/// <param name="Name">The evaluation's name.</param>
/// <param name="Step">Steps done when it was made.</param>
/// <param name="Result">What it found.</param>
/// <param name="Duration">How long it took.</param>
public sealed record EvaluationOutcome(string Name, int Step, EvaluationResult Result, TimeSpan Duration);
