namespace LongContext.Tokenization.Patterns;

/// <summary>A text that is not empty.</summary>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        int offset = text[from..].IndexOf(literal, StringComparison.Ordinal);
        start = offset < 0 ? text.Length : from + offset;
        end = offset < 0 ? text.Length : start + literal.Length;
        return offset >= 0;
    }
}
