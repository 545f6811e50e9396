namespace LongContext.Data.Cleaning;

/// <summary>One text of an evaluation that must not be in training data: a question, an answer, a passage, or all in one.</summary>
/// <param name="Set">The evaluation, for example "LongBench/hotpotqa".</param>
/// <param name="Instance">Which of its instances. Several texts may be of one.</param>
/// <param name="Text">The text.</param>
public sealed record EvaluationText(string Set, string Instance, string Text);
