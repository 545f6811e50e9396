using System.Buffers;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost first, of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string> _any;
    private readonly (string Text, AddedToken Token)[] _sorted; // by UTF-16, each text once
    private readonly int[] _beginnings; // the place of the longest other token that each begins with, or −1

    /// <param name="tokens">Tokens with the text to look for, which is not empty.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        (string Text, AddedToken Token)[] all = [.. tokens];
        _any = SearchValues.Create([.. all.Select(entry => entry.Text)], StringComparison.Ordinal);
        _sorted = [.. all.DistinctBy(entry => entry.Text, StringComparer.Ordinal).OrderBy(entry => entry.Text, StringComparer.Ordinal)];
        _beginnings = TextBeginnings.Of([.. _sorted.Select(entry => entry.Text)]);
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
        // The last one that does not sort behind the text begins with all that the text begins with.
        int from = 0, to = _sorted.Length;
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (_sorted[middle].Text.AsSpan().SequenceCompareTo(text) <= 0) from = middle + 1;
            else to = middle;
        }

        int place = from - 1;
        int common = place < 0 ? 0 : text.CommonPrefixLength(_sorted[place].Text);
        while (place >= 0 && _sorted[place].Text.Length > common) place = _beginnings[place];
        return place >= 0 ? _sorted[place] : throw new InvalidOperationException("The search found a token that is not there.");
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        !text.IsEmpty && CharacterSets.WordWithJoiners.Contains(CodePoints.At(text, text.Length - CodePoints.LengthBefore(text, text.Length), out _));

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        !text.IsEmpty && CharacterSets.WordWithJoiners.Contains(CodePoints.At(text, 0, out _));
}
