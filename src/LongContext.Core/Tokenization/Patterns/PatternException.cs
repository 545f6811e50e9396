namespace LongContext.Tokenization.Patterns;

/// <summary>A pattern could not be read; the reader of the file adds where it stands.</summary>
internal sealed class PatternException(string message, bool isUnsupported) : Exception(message)
{
    /// <summary>Whether the pattern is of a kind that is not supported, rather than wrong.</summary>
    public bool IsUnsupported { get; } = isUnsupported;
}
