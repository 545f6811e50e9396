using System.Text.Json.Nodes;
using LongContext.Core.Tests.Tokenization;
using LongContext.Data;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

/// <summary>Tokenizers of all kinds that text is cut with, and texts to cut.</summary>
internal static class CuttingTokenizers
{
    private static readonly string[] Pieces = ["▁", "a", "b", "c", "e", "h", "t", ".", "▁t", "he", "▁the", "ab", "▁ab"];
    private static readonly string[] Merges = ["▁ t", "h e", "▁t he", "a b", "▁ ab"];

    /// <summary>Those whose tokens can also be decoded.</summary>
    public static TheoryData<string> Decoding => ["bpe", "llama", "bytes", "lower", "sentencepiece"];

    public static TheoryData<string> All => ["word", "character", "subword", "bpe", "llama", "bytes", "lower", "sentencepiece"];

    public static Tokenizer Get(string name) => name switch
    {
        "llama" => Llama.Value,
        "bytes" => Bytes.Value,
        "lower" => Lower.Value,
        "sentencepiece" => SentencePiece.Value,
        _ => TestTokenizers.Get(name),
    };

    /// <summary>Words, blanks, line ends and characters of all sizes, at random.</summary>
    public static string Text(int seed, int parts)
    {
        string[] choices = ["the", " ", " the", "ab", "  ", "\n", ".", "é", "😀", "世界", "e\u0301", "ﬁ", " cab ", "BAD", "\u00A0", "𝒳"];
        SplitMix64 random = new(seed, 7);
        return string.Concat(Enumerable.Range(0, parts).Select(_ => choices[random.NextInt(choices.Length)]));
    }

    /// <summary>Llama 2's arrangement: a blank before the text, byte fallback, a token before all.</summary>
    private static Lazy<Tokenizer> Llama { get; } = new(() => TinyTokenizer.Load(TinyTokenizer.Llama(Pieces, Merges)));

    /// <summary>GPT's arrangement: bytes in place of characters.</summary>
    private static Lazy<Tokenizer> Bytes { get; } = new(() => TinyTokenizer.Load(ByteLevel(normalizer: null)));

    /// <summary>The same after a normalizer that changes letters and their number, so that text does not come back as it was.</summary>
    private static Lazy<Tokenizer> Lower { get; } = new(() => TinyTokenizer.Load(ByteLevel(JsonNode.Parse("""
        {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]}
        """))));

    private static Lazy<Tokenizer> SentencePiece { get; } = new(() =>
        LlamaTokenizer.Create(new MemoryStream(SentencePieceFile.OfPieces(Pieces).ToBytes()), addBeginOfSentence: true));

    private static JsonObject ByteLevel(JsonNode? normalizer)
    {
        int extra = 0;
        List<string> alphabet = [];
        for (int value = 0; value < 256; value++)
        {
            bool isItself = value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
            alphabet.Add(((char)(isItself ? value : 256 + extra++)).ToString());
        }

        JsonObject tokenizer = TinyTokenizer.Bpe([.. alphabet, "th", "the", "Ġthe", "ab"], ["t h", "th e", "Ġ the", "a b"]);
        tokenizer["normalizer"] = normalizer;
        tokenizer["pre_tokenizer"] = JsonNode.Parse("""{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": true}""");
        tokenizer["decoder"] = JsonNode.Parse("""{"type": "ByteLevel"}""");
        return tokenizer;
    }
}
