using System.Buffers;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost first, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<char, (string Text, AddedToken Token)[]> _byFirst;

    /// <param name="tokens">Tokens with the text to look for, which is not empty.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        (string Text, AddedToken Token)[] all = [.. tokens];
        _any = SearchValues.Create([.. all.Select(entry => entry.Text)], StringComparison.Ordinal);
        _byFirst = all.GroupBy(entry => entry.Text[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(entry => entry.Text.Length).ToArray());
        IsEmpty = all.Length == 0;
    }

    public bool IsEmpty { get; }

    /// <summary>
    /// The next token at or after <paramref name="search"/>, with the white space that it takes along: on its left as far as
    /// <paramref name="from"/>, the end of the token before.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="from">Up to where the text is used up.</param>
    /// <param name="search">
    /// Where to look on; set to the end of what was found, less the white space on its right: a token in there is still found,
    /// as in Hugging Face's tokenizers.
    /// </param>
    /// <param name="start">Where the token begins; the text's end when there is none.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="token">The token.</param>
    public bool TryGetNext(ReadOnlySpan<char> text, int from, ref int search, out int start, out int end, out AddedToken token)
    {
        while (!IsEmpty && search < text.Length)
        {
            int offset = text[search..].IndexOfAny(_any);
            if (offset < 0) break;
            start = search + offset;
            (string found, token) = LongestAt(text[start..]);
            search = end = start + found.Length;
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..]))) continue;

            if (token.StripLeft)
            {
                while (start > from && char.IsWhiteSpace(text[start - 1])) start--;
                start = Math.Max(start, from);
            }

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
        !text.IsEmpty && CharacterSets.WordWithJoiners.Contains(CodePoints.At(text, text.Length - CodePoints.LengthBefore(text, text.Length), out _));

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        !text.IsEmpty && CharacterSets.WordWithJoiners.Contains(CodePoints.At(text, 0, out _));
}
