namespace LongContext.Data.Examples;

/// <summary>A document to go on learning language from: every token counts.</summary>
/// <param name="Text">The document.</param>
public sealed record TextExample(string Text) : TrainingExample
{
    /// <inheritdoc/>
    public override long TextLength => Text.Length;
}
