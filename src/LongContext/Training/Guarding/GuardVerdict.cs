namespace LongContext.Training.Guarding;

/// <summary>What shall become of a step.</summary>
/// <param name="Outcome">Apply it, leave it out, or go back.</param>
/// <param name="Reason">What was wrong with it, in words; null when nothing was.</param>
/// <param name="State">The guard's state after it. For going back, the counts alone: the rest comes from the checkpoint.</param>
/// <param name="Fault">Ends the run; null when it goes on.</param>
internal sealed record GuardVerdict(StepOutcome Outcome, string? Reason, GuardState State, Exception? Fault = null);
