namespace LongContext.Generation;

/// <summary>A function is strict, but no grammar can hold its calls' arguments to its schema.</summary>
public sealed class FunctionSchemaException : NotSupportedException
{
    /// <summary>Makes it.</summary>
    public FunctionSchemaException()
    {
    }

    /// <summary>Makes it with a message.</summary>
    public FunctionSchemaException(string message)
        : base(message)
    {
    }

    /// <summary>Makes it with a message and what caused it.</summary>
    public FunctionSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The function's name; null where it is not known.</summary>
    public string? FunctionName { get; init; }
}
