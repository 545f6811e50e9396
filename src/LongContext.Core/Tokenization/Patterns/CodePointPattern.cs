namespace LongContext.Tokenization.Patterns;

/// <summary>One code point of a set.</summary>
internal sealed class CodePointPattern(CodePointSet set) : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start = end)
        {
            bool found = set.Contains(CodePoints.At(text, start, out int length));
            end = start + length;
            if (found) return true;
        }

        start = end = text.Length;
        return false;
    }
}
