namespace LongContext.Evaluation;

/// <summary>A run that cannot begin or go on; what it has found so far is kept in its folder, where it has one.</summary>
public sealed class EvaluationRunException : Exception
{
    /// <summary>A run that ended for an unknown reason.</summary>
    public EvaluationRunException()
        : this("The run cannot go on.")
    {
    }

    /// <summary>A message of the caller's.</summary>
    /// <param name="message">The message.</param>
    public EvaluationRunException(string message)
        : base(message)
    {
    }

    /// <summary>A message of the caller's, and why.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">What was thrown before.</param>
    public EvaluationRunException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
