namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>No judge rated an answer: the fault of judges or of the way to them, not of the model that answered.</summary>
internal sealed class NotJudgedException(string message, Exception? innerException = null) : InvalidOperationException(message, innerException);
