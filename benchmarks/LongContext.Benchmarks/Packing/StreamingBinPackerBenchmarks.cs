using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Packing;

namespace LongContext.Benchmarks.Packing;

/// <summary>A stream of lengths to packs. Baseline: next fit over an array, with a list for each pack.</summary>
[Work("lengths", 1_000_000)]
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(7)]
public class StreamingBinPackerBenchmarks
{
    private const int Count = 1_000_000;
    private int[] lengths = [];

    /// <summary>Most tokens in a pack.</summary>
    [Params(512, 32_768)]
    public int ContextLength { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        lengths = PackingSpeed.LongTailed(Count, ContextLength);
        Agreement.Require("packs", PlainNextFit(), NextFit(), 0);
    }

    [Benchmark(Baseline = true)]
    public int PlainNextFit()
    {
        var packs = new List<List<int>>();
        int room = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] > room)
            {
                packs.Add([]);
                room = ContextLength;
            }

            packs[^1].Add(i);
            room -= lengths[i];
        }

        return packs.Count;
    }

    [Benchmark]
    public int NextFit() => Stream(PackingAlgorithm.NextFit);

    [Benchmark]
    public int FirstFitDecreasing() => Stream(PackingAlgorithm.FirstFitDecreasing);

    [Benchmark]
    public int BestFitDecreasing() => Stream(PackingAlgorithm.BestFitDecreasing);

    private int Stream(PackingAlgorithm algorithm) => (int)PackingSpeed.Stream(lengths, ContextLength, algorithm).Packs;
}
