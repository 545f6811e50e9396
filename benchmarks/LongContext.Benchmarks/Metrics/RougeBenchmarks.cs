using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Metrics;

namespace LongContext.Benchmarks.Metrics;

/// <summary>
/// ROUGE of two texts of random words: all four scores of one line each (ROUGE-Lsum's way back included), with stemming, and as lines of 25 words. Baseline: the
/// table of all cells for ROUGE-L alone.
/// </summary>
[Work("words", Parameter = nameof(Length))]
public class RougeBenchmarks
{
    private string prediction = "";
    private string reference = "";
    private string predictedLines = "";
    private string wantedLines = "";

    /// <summary>Words of each text.</summary>
    [Params(200, 5000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        string[] vocabulary = [.. Enumerable.Range(0, 1500).Select(i => $"word{i}ing")];
        string[] said = random.GetItems(vocabulary, Length), wanted = random.GetItems(vocabulary, Length);
        (prediction, reference) = (string.Join(' ', said), string.Join(' ', wanted));
        (predictedLines, wantedLines) = (Lines(said), Lines(wanted));
        Agreement.Require("ROUGE-L", PlainTable(), AllScores(), 1e-12);

        static string Lines(string[] words) => string.Join('\n', words.Chunk(25).Select(line => string.Join(' ', line)));
    }

    [Benchmark(Baseline = true)]
    public double PlainTable() => PlainRouge.SubsequenceF1(prediction, reference);

    [Benchmark]
    public double AllScores() => GoogleRouge.Score(prediction, reference).RougeL.F1;

    [Benchmark]
    public double AllScoresStemmed() => GoogleRouge.Score(prediction, reference, stems: true).RougeL.F1;

    [Benchmark]
    public double AllScoresOfLines() => GoogleRouge.Score(predictedLines, wantedLines).RougeLsum.F1;
}
