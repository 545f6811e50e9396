using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Tokenization;

namespace LongContext.Benchmarks.Tokenization;

/// <summary>200,000 characters to ids of whole words. Baseline: Split and a dictionary.</summary>
[Work("characters", CharacterCount)]
public class WordLevelBenchmarks
{
    private const int CharacterCount = 200_000;
    private const string Unknown = "<unk>";
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private HuggingFaceTokenizer tokenizer = null!;
    private string text = "";

    [GlobalSetup]
    public void Setup()
    {
        text = Material.Prose(CharacterCount);
        string[] frequent = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).CountBy(word => word)
            .OrderByDescending(count => count.Value).Take(4000).Select(count => count.Key)];
        string[] vocabulary = [Unknown, .. frequent];
        for (int id = 0; id < vocabulary.Length; id++) ids.Add(vocabulary[id], id);
        tokenizer = HuggingFaceTokenizer.CreateWordLevel(vocabulary, Unknown, beginningOfSentenceToken: null, endOfSentenceToken: null);
        Agreement.Require("ids", SplitAndDictionary(), WordLevel());
    }

    [Benchmark(Baseline = true)]
    public int[] SplitAndDictionary() =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => ids.TryGetValue(word, out int id) ? id : 0)];

    [Benchmark]
    public int[] WordLevel() => tokenizer.Encode(text, addSpecialTokens: false);
}
