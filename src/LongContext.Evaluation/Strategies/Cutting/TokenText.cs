using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Tokens of a text and text of tokens as the scripts of benchmarks ask transformers for them.</summary>
internal static class TokenText
{
    /// <summary>The tokens, with the special ones that the tokenizer puts around a text unless it is told not to.</summary>
    public static IReadOnlyList<int> Encode(Tokenizer tokenizer, string text) =>
        tokenizer is HuggingFaceTokenizer ours ? ours.Encode(text) : tokenizer.EncodeToIds(text);

    /// <summary>The tokens with their places, without special ones around the text.</summary>
    public static IReadOnlyList<EncodedToken> EncodeBare(Tokenizer tokenizer, string text, out string? normalized) => tokenizer is SentencePieceTokenizer pieces
        ? pieces.EncodeToTokens(text, out normalized, addBeginningOfSentence: false, addEndOfSentence: false)
        : tokenizer.EncodeToTokens(text, out normalized);

    /// <summary>The text, special tokens left out where the tokenizer knows which they are.</summary>
    public static string Decode(Tokenizer tokenizer, IEnumerable<int> ids) => tokenizer switch
    {
        HuggingFaceTokenizer ours => ours.Decode(ids, skipSpecialTokens: true),
        BertTokenizer bert => bert.Decode(ids, skipSpecialTokens: true),
        WordPieceTokenizer wordPiece => wordPiece.Decode(ids, skipSpecialTokens: true),
        SentencePieceTokenizer sentencePiece => sentencePiece.Decode(ids, considerSpecialTokens: false),
        CodeGenTokenizer codeGen => codeGen.Decode(ids, codeGen.AddPrefixSpace, considerSpecialTokens: false),
        BpeTokenizer bpe => bpe.Decode(ids, considerSpecialTokens: false),
        _ => tokenizer.Decode(ids),
    } ?? string.Empty;
}
