using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Packing;

namespace LongContext.Benchmarks.Packing;

/// <summary>
/// A whole data set's packs of 512 from the lengths of its sequences (the published Wikipedia lengths, one sequence of sixteen). Baseline: best-fit
/// decreasing, sequence by sequence.
/// </summary>
[Work("sequences", 1_017_222)]
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(7)]
public class HistogramPackingBenchmarks
{
    private int[] lengths = [];
    private LengthHistogram histogram = LengthHistogram.FromLengths([]);
    private HistogramPacking packing = null!;

    [GlobalSetup]
    public void Setup()
    {
        lengths = WikipediaLengths.Lengths(oneOf: 16);
        histogram = CountLengths();
        packing = FindStrategies();
        Agreement.Require("packs", SequenceBySequence().Count, packing.PackCount, 0);
        Agreement.Require("packs dealt out", packing.PackCount, AssignSequences().Count, 0);
    }

    [Benchmark(Baseline = true)]
    public IReadOnlyList<IReadOnlyList<int>> SequenceBySequence() => PlainBestFit.Pack(lengths, WikipediaLengths.ContextLength);

    [Benchmark]
    public LengthHistogram CountLengths() => LengthHistogram.FromLengths(lengths);

    [Benchmark]
    public HistogramPacking FindStrategies() =>
        new HistogramPacker(new HistogramPackerOptions { ContextLength = WikipediaLengths.ContextLength }).Pack(histogram);

    [Benchmark]
    public PackAssignment AssignSequences() => packing.Assign(lengths);

    [Benchmark]
    public PackAssignment LengthsToPacks() => BinPacker.Assign(lengths, WikipediaLengths.ContextLength, PackingAlgorithm.BestFitDecreasing);
}
