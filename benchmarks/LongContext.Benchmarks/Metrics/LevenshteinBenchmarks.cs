using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Metrics;

namespace LongContext.Benchmarks.Metrics;

/// <summary>Edit distance between a text and a copy with a tenth of its characters changed. Baseline: the quadratic two-row version.</summary>
[Work("characters", Parameter = nameof(Length))]
public class LevenshteinBenchmarks
{
    private string text = "";
    private string changed = "";

    /// <summary>Characters of the text.</summary>
    [Params(50, 1000, 10_000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        text = Material.Prose(Length);
        var random = new Random(1);
        changed = string.Concat(text.Select(character => random.Next(30) switch
        {
            0 => "",
            1 => "x",
            2 => character + "y",
            _ => character.ToString(),
        }));
        Agreement.Require("distance", PlainTwoRows(), Distance(), 0);
    }

    [Benchmark(Baseline = true)]
    public int PlainTwoRows() => PlainLevenshtein.Distance(text, changed);

    [Benchmark]
    public int Distance() => Levenshtein.Distance(text, changed);

    [Benchmark]
    public double IndelRatio() => Levenshtein.IndelRatio(text, changed);
}
