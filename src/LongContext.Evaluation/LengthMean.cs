namespace LongContext.Evaluation;

/// <summary>What a task's items of one length come to together.</summary>
/// <param name="Length">The length in tokens that they were made for.</param>
/// <param name="Mean">Their common score.</param>
public readonly record struct LengthMean(int Length, double Mean);
