namespace LongContext.Evaluation.Runs;

/// <summary>An answer that did not arrive whole.</summary>
internal sealed class IncompleteAnswerException(string message) : Exception(message);
