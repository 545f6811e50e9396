using System.Buffers;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>A tokenizer for tests: every match of a pattern is a token. Which ids they get is nobody's concern here.</summary>
internal sealed class PieceTokenizer(string pattern, int beginningTokens = 0) : Tokenizer
{
    private readonly Regex pieces = new(pattern, RegexOptions.Singleline);

    /// <summary>A word a token, white space apart.</summary>
    public static PieceTokenizer WordLevel { get; } = new(@"\S+");

    /// <summary>Pieces of up to three letters, the blank before a word part of its first one: like a small BPE.</summary>
    public static PieceTokenizer Subword { get; } = new(@" ?\w{1,3}|.");

    /// <summary>How many characters were counted, to see that nothing is counted over and over.</summary>
    public long Counted { get; private set; }

    public override OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => throw new NotSupportedException();

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        string whole = text ?? textSpan.ToString();
        Counted += whole.Length;
        return new EncodeResults<EncodedToken>
        {
            Tokens =
            [
                .. Enumerable.Repeat(new EncodedToken(1, "<s>", default), beginningTokens),
                .. pieces.Matches(whole).Select(match => new EncodedToken(0, match.Value, match.Index..(match.Index + match.Length))),
            ],
            CharsConsumed = whole.Length,
        };
    }
}
