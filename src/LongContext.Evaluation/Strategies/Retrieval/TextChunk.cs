namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>A passage of a context.</summary>
/// <param name="Index">Which passage it is, from 0, in the order of the text.</param>
/// <param name="Start">Where it begins in the context, in UTF-16 units.</param>
/// <param name="Text">Its text, as it stands there.</param>
public sealed record TextChunk(int Index, int Start, string Text)
{
    /// <summary>Where it ends in the context.</summary>
    public int End => Start + Text.Length;
}
