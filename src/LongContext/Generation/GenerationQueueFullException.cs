namespace LongContext.Generation;

/// <summary>
/// A request was refused for those before it: as many wait as <see cref="GenerationEngineOptions.QueueLimit"/> allows, or they ask for as many log-probabilities as
/// <see cref="GenerationEngineOptions.MaximumLogProbabilitiesTogether"/> does.
/// </summary>
public sealed class GenerationQueueFullException : InvalidOperationException
{
    /// <summary>Makes it.</summary>
    public GenerationQueueFullException()
    {
    }

    /// <summary>Makes it with a message.</summary>
    public GenerationQueueFullException(string message)
        : base(message)
    {
    }

    /// <summary>Makes it with a message and what caused it.</summary>
    public GenerationQueueFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
