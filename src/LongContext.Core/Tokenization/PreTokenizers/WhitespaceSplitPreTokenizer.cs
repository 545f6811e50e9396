namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Words are what stands between Unicode white space, which itself is dropped.</summary>
internal sealed class WhitespaceSplitPreTokenizer : TextPreTokenizer
{
    public override bool TryGetNext(ReadOnlySpan<char> text, int from, out int start, out int length)
    {
        start = from;
        while (start < text.Length && char.IsWhiteSpace(text[start])) start++;
        int end = start;
        while (end < text.Length && !char.IsWhiteSpace(text[end])) end++;
        length = end - start;
        return length > 0;
    }
}
