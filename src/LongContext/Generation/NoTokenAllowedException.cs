namespace LongContext.Generation;

/// <summary>A request's own rules leave no token to go on with: those that forbid tokens leave none together, or its grammar became too ambiguous to be followed.</summary>
public sealed class NoTokenAllowedException : InvalidOperationException
{
    /// <summary>Makes it.</summary>
    public NoTokenAllowedException()
    {
    }

    /// <summary>Makes it with a message.</summary>
    public NoTokenAllowedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes it with a message and what caused it.</summary>
    public NoTokenAllowedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the grammar by itself is why: it became too ambiguous to be followed. Default false.</summary>
    public bool IsOfGrammar { get; init; }

    /// <summary>The function whose arguments the answer was in, where a chat client's answer was held to functions' schemas and <see cref="IsOfGrammar"/>; null for none.</summary>
    public string? FunctionName { get; init; }
}
