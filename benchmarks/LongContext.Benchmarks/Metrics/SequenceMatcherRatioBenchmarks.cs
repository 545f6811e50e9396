using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Metrics;

namespace LongContext.Benchmarks.Metrics;

/// <summary>LongBench's two ways to compare lines of code: difflib's matching runs beside the common subsequence (baseline).</summary>
[Work("characters", Parameter = nameof(Length))]
public class SequenceMatcherRatioBenchmarks
{
    private string line = "";
    private string changed = "";

    /// <summary>Characters of a line; from 200 on frequent ones begin no run.</summary>
    [Params(60, 1000, 10_000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        line = Material.Prose(Length);
        var random = new Random(1);
        changed = string.Concat(line.Select(character => random.Next(20) == 0 ? "x" : character.ToString()));
    }

    [Benchmark(Baseline = true)]
    public double CommonSubsequence() => Levenshtein.IndelRatio(line, changed);

    [Benchmark]
    public double MatchingRuns() => SequenceMatcherRatio.Of(line, changed);
}
