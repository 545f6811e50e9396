namespace LongContext.Generation;

/// <summary>What a chat client was asked, ready for the model.</summary>
internal sealed record ChatRequest
{
    /// <summary>Prompt, special tokens included, and how tokens are chosen. Required.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>Texts that end the answer. Required.</summary>
    public required IReadOnlyList<string> StopStrings { get; init; }

    /// <summary>
    /// Whether the answer goes on with text that is there, so that a blank which begins it belongs to it; else it is decoded by itself. Required.
    /// </summary>
    public required bool Continues { get; init; }
}
