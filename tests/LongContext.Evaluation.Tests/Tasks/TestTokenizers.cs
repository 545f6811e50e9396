using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>The tokenizers that tasks are made with in tests, by name so that a theory can list them.</summary>
internal static class TestTokenizers
{
    public static MatrixTheoryData<string, int> WithLengths() => new(["word", "character", "subword", "bpe"], [900, 1_024, 4_097]);

    public static Tokenizer Get(string name) => name switch
    {
        "word" => PieceTokenizer.WordLevel,
        "character" => PieceTokenizer.CharacterLevel,
        "subword" => PieceTokenizer.Subword,
        "bpe" => Bpe,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    /// <summary>A real BPE over printable ASCII with a handful of merges.</summary>
    private static Tokenizer Bpe { get; } = CreateBpe();

    private static BpeTokenizer CreateBpe()
    {
        string[] merges = ["t h", "th e", "i n", "e r", "a n", "o r", "l e", "in g", "s t"];
        IEnumerable<string> symbols = Enumerable.Range(32, 95).Select(c => ((char)c).ToString()).Append("\n")
            .Concat(merges.Select(merge => merge.Replace(" ", string.Empty, StringComparison.Ordinal)));
        return BpeTokenizer.Create(new BpeOptions(symbols.Select((symbol, id) => KeyValuePair.Create(symbol, id))) { Merges = merges });
    }
}
