namespace LongContext.Evaluation;

/// <summary>How far one model is with one task, all strategies together.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Task">The task's name.</param>
/// <param name="Done">Items done, with each strategy one.</param>
/// <param name="Total">Items in all, or null while that is not known.</param>
public readonly record struct EvaluationTaskProgress(string Model, string Task, int Done, int? Total);
