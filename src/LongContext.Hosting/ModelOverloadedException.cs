namespace LongContext.Hosting;

/// <summary>A request was refused because too many others wait, or because it had waited for too long.</summary>
/// <param name="message">What was found and what is allowed.</param>
/// <param name="retryAfter">When to try again.</param>
/// <param name="innerException">What refused it, or null for the host's own queue.</param>
public sealed class ModelOverloadedException(string message, TimeSpan retryAfter, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>When to try again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
