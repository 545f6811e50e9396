using System.Text.RegularExpressions;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using Microsoft.ML.Tokenizers;

namespace LongContext.Benchmarks.Tokenization;

/// <summary>
/// 200,000 characters of prose to ids. Baseline: the BPE of Microsoft.ML.Tokenizers with the same vocabulary and merges, given
/// words to work on by a regular expression (it cannot know that no merge crosses one). Ours reads tokenizer.json, which says
/// nothing of words. Both remember pieces they have met, and meet the same text again in each call.
/// </summary>
[Work("characters", CharacterCount)]
public partial class EncodeBenchmarks
{
    private const int CharacterCount = 200_000;
    private TokenizerSample sample = null!;
    private BpeTokenizer plain = null!;

    /// <summary>Whose tokenizer.json.</summary>
    [ParamsSource(nameof(Tokenizers))]
    public string Tokenizer { get; set; } = "";

    public static IEnumerable<string> Tokenizers => TokenizerSample.Names;

    [GlobalSetup]
    public void Setup()
    {
        sample = new TokenizerSample(Tokenizer, CharacterCount);
        plain = BpeTokenizer.Create(new BpeOptions(sample.Vocabulary)
        {
            Merges = sample.Merges,
            UnknownToken = "<unk>",
            PreTokenizer = new RegexPreTokenizer(Words(), specialTokens: null),
        });
        Agreement.Require("ids", MicrosoftBpe(), HuggingFaceTokenizer());
    }

    [Benchmark(Baseline = true)]
    public IReadOnlyList<int> MicrosoftBpe() =>
        plain.EncodeToIds("▁" + sample.Text.Replace(' ', '▁'), considerPreTokenization: true, considerNormalization: false);

    [Benchmark]
    public int[] HuggingFaceTokenizer() => sample.Tokenizer.Encode(sample.Text, addSpecialTokens: false);

    [GeneratedRegex("▁*[^▁]+|▁+")]
    private static partial Regex Words();
}
