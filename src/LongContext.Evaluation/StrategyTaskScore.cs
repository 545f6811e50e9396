namespace LongContext.Evaluation;

/// <summary>What a strategy reached in one task, beside the others.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Items">Items that were scored with every strategy of the model; the means are over these.</param>
/// <param name="Mean">The mean of their scores.</param>
/// <param name="Normalized">The mean against the baseline's: 1 is as good as it, more is better, also where lower scores are.</param>
public sealed record StrategyTaskScore(string Task, int Items, double Mean, double Normalized);
