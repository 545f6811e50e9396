namespace LongContext.Data.Examples;

/// <summary>A piece of an example's text.</summary>
/// <param name="Text">The piece; not empty.</param>
/// <param name="Counts">Whether its tokens are targets of the loss.</param>
public sealed record TextSegment(string Text, bool Counts);
