using System.Text;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;

namespace LongContext.Benchmarks.Tokenization;

/// <summary>
/// The ids of 200,000 characters back to text. Baseline: pieces joined and ▁ replaced, which is right as long as no byte piece
/// and no special token comes.
/// </summary>
[Work("characters", CharacterCount)]
public class DecodeBenchmarks
{
    private const int CharacterCount = 200_000;
    private TokenizerSample sample = null!;
    private int[] ids = [];
    private string[] pieces = [];

    /// <summary>Whose tokenizer.json.</summary>
    [ParamsSource(nameof(Tokenizers))]
    public string Tokenizer { get; set; } = "";

    public static IEnumerable<string> Tokenizers => TokenizerSample.Names;

    [GlobalSetup]
    public void Setup()
    {
        sample = new TokenizerSample(Tokenizer, CharacterCount);
        ids = sample.Tokenizer.Encode(sample.Text, addSpecialTokens: false);
        pieces = [.. Enumerable.Range(0, sample.Tokenizer.VocabularySize).Select(sample.Tokenizer.GetToken)];
        Agreement.Require("text", JoinedPieces(), Decode());
        Agreement.Require("text of the text", sample.Text, Decode());
    }

    [Benchmark(Baseline = true)]
    public string JoinedPieces()
    {
        var text = new StringBuilder();
        foreach (int id in ids) text.Append(pieces[id]);
        return text.Replace('▁', ' ').ToString(1, text.Length - 1);
    }

    [Benchmark]
    public string Decode() => sample.Tokenizer.Decode(ids);
}
