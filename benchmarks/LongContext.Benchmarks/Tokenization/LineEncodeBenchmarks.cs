using System.Text.RegularExpressions;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Benchmarks.Tokenization;

/// <summary>
/// Four megabytes of prose to ids, line by line, one thread. Baseline: the BPE of Microsoft.ML.Tokenizers with the same
/// vocabulary and merges, cutting words by .NET's regular expression for the file's pattern (for Llama 2, whose file has none, by
/// one that keeps words whole). Both remember words they have met, and meet the same text again in each call.
/// </summary>
[Work("bytes", ByteCount)]
public class LineEncodeBenchmarks
{
    private const int ByteCount = 4_000_000;
    private static readonly string[] s_known = ["llama2", "llama3_1", "qwen3"];

    private string[] lines = [];
    private HuggingFaceTokenizer own = null!;
    private BpeTokenizer bpe = null!;

    /// <summary>Whose tokenizer.json.</summary>
    [ParamsSource(nameof(Tokenizers))]
    public string Tokenizer { get; set; } = "";

    public static IEnumerable<string> Tokenizers => s_known.Where(name => Material.Find("tokenizers", name) is not null);

    [GlobalSetup]
    public void Setup()
    {
        own = LongContext.Tokenization.HuggingFaceTokenizer.Load(Material.Find("tokenizers", Tokenizer)!);
        lines = Lines();
        TokenizerVocabulary vocabulary = own.Vocabulary;
        string pattern = vocabulary.IsByteLevel ? vocabulary.SplitPatterns[0] : "▁*[^▁]+|▁+";
        var split = new RegexPreTokenizer(new Regex(pattern, RegexOptions.Compiled), specialTokens: null);
        KeyValuePair<string, int>[] pieces = [.. Enumerable.Range(0, vocabulary.Size)
            .Where(id => vocabulary.GetKind(id) is not (TokenKind.Control or TokenKind.Added or TokenKind.Unused))
            .Select(id => KeyValuePair.Create(vocabulary.GetText(id)!, id))];
        bpe = BpeTokenizer.Create(new BpeOptions(pieces)
        {
            Merges = vocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}"),
            ByteLevel = vocabulary.IsByteLevel,
            UnknownToken = own.UnknownToken,
            PreTokenizer = split,
        });
        Agreement.Require("ids", lines.SelectMany(line => BpeIds(line)), lines.SelectMany(line => own.EncodeToIds(line)));
    }

    [Benchmark(Baseline = true)]
    public int MicrosoftBpe()
    {
        int count = 0;
        foreach (string line in lines) count += BpeIds(line).Count;
        return count;
    }

    [Benchmark]
    public int HuggingFaceTokenizer()
    {
        int count = 0;
        foreach (string line in lines) count += own.EncodeToIds(line).Count;
        return count;
    }

    private IReadOnlyList<int> BpeIds(string line) => own.Vocabulary.IsByteLevel || line.Length == 0
        ? bpe.EncodeToIds(line)
        : bpe.EncodeToIds("▁" + line.Replace(' ', '▁'), considerPreTokenization: true, considerNormalization: false);

    private static string[] Lines()
    {
        string text = Material.Find("data", "kjv.txt") is { } file ? File.ReadAllText(file)[..ByteCount]
            : Material.Prose(ByteCount).Replace(". ", ".\n", StringComparison.Ordinal);
        return text.Split('\n');
    }
}
