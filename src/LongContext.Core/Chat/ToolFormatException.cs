namespace LongContext.Chat;

/// <summary>A list of tools or of calls is not as it should be.</summary>
/// <param name="message">Where, what was found and what was expected.</param>
/// <param name="isOfWrongKind">Whether a value is of a kind that cannot stand there; else the form is right, but what it says cannot be used.</param>
internal sealed class ToolFormatException(string message, bool isOfWrongKind) : FormatException(message)
{
    /// <summary>Whether a value is of a kind that cannot stand there.</summary>
    public bool IsOfWrongKind { get; } = isOfWrongKind;
}
