namespace LongContext.Data.Examples;

/// <summary>A text and what is to follow it, which alone counts if nothing else is said.</summary>
/// <param name="Prompt">What the model is given, up to the very character at which it goes on; may be empty.</param>
/// <param name="Completion">What it is to answer.</param>
public sealed record PromptExample(string Prompt, string Completion) : TrainingExample
{
    /// <summary>Whether the prompt counts too: both are learned, and the border between them is still one between tokens. Default: false.</summary>
    public bool PromptCounts { get; init; }

    /// <inheritdoc/>
    public override long TextLength => (long)Prompt.Length + Completion.Length;
}
