using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Evaluation.Metrics;

namespace LongContext.Benchmarks.Metrics;

/// <summary>Perplexity from the losses of a text's tokens. Baseline: a plain sum; ours checks each loss and compensates rounding.</summary>
[Work("tokens", TokenCount)]
public class PerplexitySumBenchmarks
{
    private const int TokenCount = 100_000;
    private double[] losses = [];

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        losses = [.. Enumerable.Range(0, TokenCount).Select(_ => -Math.Log(1 - random.NextDouble()))];
        Agreement.Require("perplexity", PlainSum(), Accumulator(), 1e-9);
    }

    [Benchmark(Baseline = true)]
    public double PlainSum()
    {
        double sum = 0;
        foreach (double loss in losses) sum += loss;
        return Math.Exp(sum / losses.Length);
    }

    [Benchmark]
    public double Accumulator()
    {
        var perplexity = new PerplexityAccumulator();
        perplexity.Add(losses, byteCount: TokenCount * 4);
        return perplexity.Perplexity;
    }
}
