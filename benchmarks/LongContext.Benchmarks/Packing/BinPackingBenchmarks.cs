using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Packing;

namespace LongContext.Benchmarks.Packing;

/// <summary>Which document goes into which pack of 8,192 tokens. Baseline: first-fit decreasing that walks over all open bins.</summary>
[Work("documents", Parameter = nameof(DocumentCount))]
public class BinPackingBenchmarks
{
    private const int Capacity = 8192;
    private int[] lengths = [];

    /// <summary>Number of documents, of log-normal length around 600 tokens.</summary>
    [Params(1000, 30_000)]
    public int DocumentCount { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        lengths = Documents.Lengths(DocumentCount, median: 600, Capacity);
        Agreement.Require("bins", PlainFirstFitDecreasing().Count, FirstFitDecreasing().Count, 0);
    }

    [Benchmark(Baseline = true)]
    public IReadOnlyList<IReadOnlyList<int>> PlainFirstFitDecreasing() => PlainBinPacker.FirstFitDecreasing(lengths, Capacity);

    [Benchmark]
    public IReadOnlyList<int[]> FirstFitDecreasing() => BinPacker.Pack(lengths, Capacity, PackingAlgorithm.FirstFitDecreasing);

    [Benchmark]
    public IReadOnlyList<int[]> BestFitDecreasing() => BinPacker.Pack(lengths, Capacity, PackingAlgorithm.BestFitDecreasing);

    [Benchmark]
    public IReadOnlyList<int[]> NextFit() => BinPacker.Pack(lengths, Capacity, PackingAlgorithm.NextFit);
}
