using System.Text;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Which part of a text its tokens stand for: the text between two tokens, in bytes and words.</summary>
/// <remarks>
/// Borders come from the tokens' offsets; where the tokenizer normalizes, offsets are not the text's, and the text is then what the tokens decode to.
/// A character made of several tokens belongs to one of them. Every character belongs to one token, so that parts add up to the whole.
/// </remarks>
internal sealed class TokenBorders
{
    private readonly string text;
    private readonly int[] borders; // token i stands for text[borders[i]..borders[i + 1]]

    private TokenBorders(int[] ids, string text, int[] borders)
    {
        Ids = ids;
        this.text = text;
        this.borders = borders;
    }

    /// <summary>The text's tokens.</summary>
    public int[] Ids { get; }

    public static TokenBorders Of(Tokenizer tokenizer, string text)
    {
        IReadOnlyList<EncodedToken> tokens = tokenizer.EncodeToTokens(text, out string? normalized);
        int[] ids = [.. tokens.Select(token => token.Id)];
        return normalized is null || normalized == text ? ByOffsets(ids, tokens, text) : ByDecoding(ids, tokenizer);
    }

    /// <summary>Bytes in UTF-8 of the text of tokens.</summary>
    /// <param name="first">The first token.</param>
    /// <param name="end">The token after the last one.</param>
    public int ByteCount(int first, int end) => Encoding.UTF8.GetByteCount(text.AsSpan(borders[first]..borders[end]));

    /// <summary>Words, apart at white space, that begin in the text of tokens.</summary>
    /// <param name="first">The first token.</param>
    /// <param name="end">The token after the last one.</param>
    public int WordCount(int first, int end)
    {
        int words = 0;
        for (int i = borders[first]; i < borders[end]; i++)
        {
            if (!IsSpace(text[i]) && (i == 0 || IsSpace(text[i - 1]))) words++;
        }

        return words;
    }

    private static TokenBorders ByOffsets(int[] ids, IReadOnlyList<EncodedToken> tokens, string text)
    {
        int[] borders = new int[ids.Length + 1];
        for (int i = 1; i < ids.Length; i++) borders[i] = Math.Max(borders[i - 1], tokens[i - 1].Offset.End.Value);
        borders[ids.Length] = text.Length;
        return new TokenBorders(ids, text, borders);
    }

    private static TokenBorders ByDecoding(int[] ids, Tokenizer tokenizer)
    {
        int[] borders = new int[ids.Length + 1];
        var decoded = new StringBuilder();
        var decoder = new TokenStreamDecoder(tokenizer);
        for (int i = 0; i < ids.Length; i++)
        {
            decoded.Append(decoder.Add(ids[i]));
            borders[i + 1] = decoded.Length;
        }

        decoded.Append(decoder.Flush());
        borders[ids.Length] = decoded.Length;
        return new TokenBorders(ids, decoded.ToString(), borders);
    }

    /// <summary>As Python's split() sees it.</summary>
    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
