namespace LongContext.Tokenization;

/// <summary>Tokens that were taken out of a text.</summary>
/// <param name="Start">The first of them, counted in the whole text.</param>
/// <param name="Count">How many; 0 where the text was left as it is.</param>
public readonly record struct TokenCut(int Start, int Count)
{
    /// <summary>One past the last of them, counted in the whole text.</summary>
    public int End => Start + Count;
}
