using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Positions;

namespace LongContext.Benchmarks.Positions;

/// <summary>Inverse frequencies of one head for each of a list of sequence lengths. Baseline: the formula in a loop, unchecked.</summary>
[Work("sets", SequenceCount)]
public class FrequencyBenchmarks
{
    private const int SequenceCount = 64;
    private static readonly RopeParameters Llama3 = new() { Theta = 500_000, HeadDimension = 128, MaxPositionEmbeddings = 8192 };
    private readonly RopeScaling linear = RopeScaling.Linear(8);
    private readonly RopeScaling dynamic = RopeScaling.DynamicNtk(8);

    [GlobalSetup]
    public void Setup()
    {
        double[] expected = PlainFormula();
        Agreement.Require("frequencies", expected, RopeScaling.None.ComputeFrequencies(Llama3, 1).InverseFrequencies.ToArray());
    }

    [Benchmark(Baseline = true)]
    public double[] PlainFormula()
    {
        double[] inverse = [];
        for (int sequence = 0; sequence < SequenceCount; sequence++)
        {
            inverse = new double[Llama3.HeadDimension / 2];
            for (int i = 0; i < inverse.Length; i++) inverse[i] = 1 / Math.Pow(Llama3.Theta, 2.0 * i / Llama3.HeadDimension);
        }

        return inverse;
    }

    [Benchmark]
    public RopeFrequencies? None() => Compute(RopeScaling.None);

    [Benchmark]
    public RopeFrequencies? Linear() => Compute(linear);

    [Benchmark]
    public RopeFrequencies? DynamicNtk() => Compute(dynamic);

    private static RopeFrequencies? Compute(RopeScaling scaling)
    {
        RopeFrequencies? last = null;
        for (int sequence = 0; sequence < SequenceCount; sequence++) last = scaling.ComputeFrequencies(Llama3, (sequence + 1) * 1024);
        return last;
    }
}
