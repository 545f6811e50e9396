using System.Buffers;
using System.Text;

namespace LongContext.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost first, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<char, (string Text, AddedToken Token)[]> _byFirst;

    /// <param name="tokens">Tokens with the text to look for.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        (string Text, AddedToken Token)[] all = [.. tokens];
        _any = SearchValues.Create([.. all.Select(entry => entry.Text)], StringComparison.Ordinal);
        _byFirst = all.GroupBy(entry => entry.Text[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(entry => entry.Text.Length).ToArray());
        IsEmpty = all.Length == 0;
    }

    public bool IsEmpty { get; }

    /// <summary>The next token at or after <paramref name="from"/>, with the white space that it takes along.</summary>
    public bool TryGetNext(ReadOnlySpan<char> text, int from, out int start, out int end, out AddedToken token)
    {
        for (int search = from; !IsEmpty && search < text.Length; search = end)
        {
            int offset = text[search..].IndexOfAny(_any);
            if (offset < 0) break;
            start = search + offset;
            (string found, token) = LongestAt(text[start..]);
            end = start + found.Length;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;

            if (token.StripLeft) while (start > from && char.IsWhiteSpace(text[start - 1])) start--;
            if (token.StripRight) while (end < text.Length && char.IsWhiteSpace(text[end])) end++;
            return true;
        }

        start = end = text.Length;
        token = null!;
        return false;
    }

    private (string Text, AddedToken Token) LongestAt(ReadOnlySpan<char> text)
    {
        foreach ((string Text, AddedToken Token) entry in _byFirst[text[0]])
        {
            if (text.StartsWith(entry.Text, StringComparison.Ordinal)) return entry;
        }

        throw new InvalidOperationException("The search found a token that is not there.");
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value == '_';
}
