namespace LongContext.Evaluation;

/// <summary>A prompt that does not fit into a model's window and may not be cut.</summary>
public sealed class PromptTooLongException : Exception
{
    /// <summary>A prompt of unknown length.</summary>
    public PromptTooLongException()
        : this("The prompt does not fit into the model's window.")
    {
    }

    /// <summary>A message of the caller's.</summary>
    /// <param name="message">The message.</param>
    public PromptTooLongException(string message)
        : base(message)
    {
    }

    /// <summary>A message of the caller's, and why.</summary>
    /// <param name="message">The message.</param>
    /// <param name="innerException">What was thrown before.</param>
    public PromptTooLongException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Tokens of the prompt; null where the message alone says so.</summary>
    public int? Tokens { get; init; }

    /// <summary>Tokens of a prompt that would fit; null where the message alone says so.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>Whether it was not a prompt of the model that is evaluated: a judge's or a re-ranker's window says nothing about that model's.</summary>
    internal bool IsOfAnother { get; init; }

    /// <summary>A prompt of a length.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="maximumTokens">How many fit.</param>
    public PromptTooLongException(int tokens, int maximumTokens)
        : base($"The prompt has {tokens} tokens, but {maximumTokens} fit beside the answer, and it may not be cut.")
    {
        (Tokens, MaximumTokens) = (tokens, maximumTokens);
    }
}
