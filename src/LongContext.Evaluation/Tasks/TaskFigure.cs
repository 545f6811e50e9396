namespace LongContext.Evaluation.Tasks;

/// <summary>One figure that a task reports.</summary>
/// <param name="Name">Its name, such as "score", "0-4k" or "easy".</param>
/// <param name="Value">The figure in the authors' unit, mostly 0 to 100; null where no item belongs to it.</param>
public sealed record TaskFigure(string Name, double? Value);
