using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Sampling;

namespace LongContext.Benchmarks.Generation;

/// <summary>One token chosen from normal scores. Baseline: the whole vocabulary sorted, as the sampler did it before.</summary>
[Work("tokens", 1)]
public class SamplingBenchmarks
{
    private readonly TokenDistribution distribution = new();
    private float[] scores = [];
    private float[] row = [];
    private float[] keys = [];
    private int[] order = [];
    private SequenceSampler sampler = null!;

    /// <summary>Tokens of the vocabulary.</summary>
    [Params(32_000, 128_256)]
    public int Vocabulary { get; set; }

    /// <summary>How the token is chosen.</summary>
    [Params("greedy", "temperature", "top-k", "top-p", "min-p", "typical-p")]
    public string Way { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var random = new SplitMix64(1);
        (scores, row, keys, order) = (new float[Vocabulary], new float[Vocabulary], new float[Vocabulary], new int[Vocabulary]);
        for (int i = 0; i < Vocabulary; i++)
        {
            // Nearly normal, of deviation 3, as a language model's scores are.
            double sum = -6;
            for (int j = 0; j < 12; j++) sum += random.NextDouble();
            scores[i] = (float)(3 * sum);
        }

        GenerationOptions options = Way switch
        {
            "greedy" => new(),
            "temperature" => new() { Temperature = 1 },
            "top-k" => new() { Temperature = 1, TopK = 50, TopP = 0.95 },
            "top-p" => new() { Temperature = 1, TopP = 0.9 },
            "min-p" => new() { Temperature = 1, MinP = 0.05 },
            _ => new() { Temperature = 1, TypicalP = 0.9 },
        };
        sampler = new SequenceSampler(options, Vocabulary, [], [], distribution);
    }

    [Benchmark(Baseline = true)]
    public int SortOfAll()
    {
        for (int i = 0; i < scores.Length; i++) (order[i], keys[i]) = (i, -scores[i]);
        Array.Sort(keys, order);
        return order[0];
    }

    [Benchmark]
    public int Sampler()
    {
        scores.CopyTo(row, 0);
        return sampler.Next(row);
    }
}
