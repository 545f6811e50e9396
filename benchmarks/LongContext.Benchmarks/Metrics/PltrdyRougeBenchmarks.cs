using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Metrics;

namespace LongContext.Benchmarks.Metrics;

/// <summary>
/// LongBench's ROUGE-L of two texts of random words, as one sentence each and as sentences of 20 words. Baseline: the table of all cells for each pair of sentences.
/// </summary>
[Work("words", Parameter = nameof(Length))]
public class PltrdyRougeBenchmarks
{
    private string prediction = "";
    private string reference = "";

    /// <summary>Words of each text.</summary>
    [Params(200, 5000)]
    public int Length { get; set; }

    /// <summary>Words of a sentence; 0 for one sentence.</summary>
    [Params(0, 20)]
    public int Sentence { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        string[] vocabulary = [.. Enumerable.Range(0, 1500).Select(i => $"word{i}")];
        (prediction, reference) = (Text(), Text());
        Agreement.Require("ROUGE-L", PlainTables(), RougeL(), 1e-12);

        string Text() => string.Join(". ", random.GetItems(vocabulary, Length).Chunk(Sentence == 0 ? Length : Sentence).Select(words => string.Join(' ', words)));
    }

    [Benchmark(Baseline = true)]
    public double PlainTables() => PlainPltrdyRouge.SubsequenceF1(prediction, reference);

    [Benchmark]
    public double RougeL() => LongBenchMetrics.RougeL(prediction, reference);
}
