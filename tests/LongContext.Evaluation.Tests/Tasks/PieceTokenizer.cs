using System.Buffers;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>A tokenizer for tests: every match of a pattern is a token. Which ids they get is nobody's concern here.</summary>
internal sealed class PieceTokenizer(string pattern) : Tokenizer
{
    private readonly Regex pieces = new(pattern, RegexOptions.Singleline);

    /// <summary>A word a token, whitespace apart.</summary>
    public static PieceTokenizer WordLevel { get; } = new(@"\S+");

    /// <summary>A UTF-16 unit a token.</summary>
    public static PieceTokenizer CharacterLevel { get; } = new(".");

    /// <summary>Pieces of up to three letters, the blank before a word part of its first one: like a small BPE.</summary>
    public static PieceTokenizer Subword { get; } = new(@" ?\w{1,3}|.");

    public override OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => throw new NotSupportedException();

    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        string whole = text ?? textSpan.ToString();
        return new EncodeResults<EncodedToken>
        {
            Tokens = [.. pieces.Matches(whole).Select(match => new EncodedToken(0, match.Value, match.Index..(match.Index + match.Length)))],
            CharsConsumed = whole.Length,
        };
    }
}
