namespace LongContext.Training.Monitoring;

/// <summary>A step as the trainer made it.</summary>
/// <param name="Loss">Its loss in nats, finite or not.</param>
/// <param name="GradientNorm">Norm of its gradient before clipping; NaN where the loss was not finite already.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Reason">What was wrong with it, in words; null when nothing was.</param>
internal readonly record struct StepResult(double Loss, double GradientNorm, StepOutcome Outcome, string? Reason);
