namespace LongContext.Tokenization.Patterns;

/// <summary>The longest run of one of two sets that have nothing in common.</summary>
internal sealed class RunPattern(CodePointSet first, CodePointSet second) : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start = end)
        {
            int codePoint = CodePoints.At(text, start, out int length);
            end = start + length;
            CodePointSet? set = first.Contains(codePoint) ? first : second.Contains(codePoint) ? second : null;
            if (set is null) continue;
            while (end < text.Length && set.Contains(CodePoints.At(text, end, out length))) end += length;
            return true;
        }

        start = end = text.Length;
        return false;
    }
}
