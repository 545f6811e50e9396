namespace LongContext.Hosting;

/// <summary>A hosted model takes no requests: it could not be loaded, or the host stops.</summary>
/// <param name="message">Which model, and why.</param>
/// <param name="innerException">Why it could not be loaded, or null.</param>
public sealed class ModelNotReadyException(string message, Exception? innerException = null) : Exception(message, innerException);
