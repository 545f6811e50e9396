namespace LongContext.Tokenization.Patterns;

/// <summary>A whole run of white space, all of which lies in the basic plane.</summary>
internal sealed class SpacePattern : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = from;
        while (start < text.Length && !char.IsWhiteSpace(text[start])) start++;
        end = start;
        while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
        return end > start;
    }
}
