using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Positions;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Positions;

/// <summary>
/// cos and sin for positions 0 … n − 1 of a head of 128. Baseline: as transformers does it at every forward, in TorchSharp: the
/// outer product of positions and float32 frequencies, both halves joined, then cos and sin.
/// </summary>
[Work("positions", Parameter = nameof(Positions))]
public class RotaryTableBenchmarks
{
    private static readonly RopeParameters Llama3 = new() { Theta = 500_000, HeadDimension = 128, MaxPositionEmbeddings = 8192 };
    private readonly RopeFrequencies frequencies = RopeScaling.Linear(8).ComputeFrequencies(Llama3, 1);
    private int[] positions = [];
    private float[] cos = [];
    private float[] sin = [];
    private Tensor inverse_D = empty(0);

    /// <summary>Number of positions.</summary>
    [Params(2048, 32768)]
    public int Positions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        positions = [.. Enumerable.Range(0, Positions)];
        int pairs = frequencies.InverseFrequencies.Length;
        (cos, sin) = (new float[Positions * pairs], new float[Positions * pairs]);
        inverse_D = tensor(frequencies.InverseFrequencies.ToArray()).to(ScalarType.Float32);
        CheckAgreement(pairs);
    }

    [GlobalCleanup]
    public void Cleanup() => inverse_D.Dispose();

    [Benchmark(Baseline = true)]
    public void TorchSharpFloat32()
    {
        using var scope = NewDisposeScope();
        _ = Float32Tables();
    }

    [Benchmark]
    public void RotaryTableFill() => RotaryTable.Fill(frequencies, positions, cos, sin);

    /// <summary>What a plain program would write: a power, a cosine and a sine for each element, in float64.</summary>
    [Benchmark]
    public void ElementByElement()
    {
        int pairs = Llama3.HeadDimension / 2;
        for (int position = 0; position < Positions; position++)
        {
            for (int i = 0; i < pairs; i++)
            {
                double angle = position / Math.Pow(Llama3.Theta, 2.0 * i / Llama3.HeadDimension) / 8;
                cos[(position * pairs) + i] = (float)Math.Cos(angle);
                sin[(position * pairs) + i] = (float)Math.Sin(angle);
            }
        }
    }

    private (Tensor Cos, Tensor Sin) Float32Tables()
    {
        Tensor angles = TensorArithmetic.Range(0, Positions, CPU).to(ScalarType.Float32).outer(inverse_D);
        Tensor both = cat([angles, angles], -1);
        return (both.cos(), both.sin());
    }

    private void CheckAgreement(int pairs)
    {
        using var scope = NewDisposeScope();
        RotaryTableFill();
        // Angles in float32 are off by 2⁻²⁴ of themselves, up to some 4,096 radians here.
        Agreement.Require("cos", tensor(cos, [Positions, pairs]), Float32Tables().Cos.narrow(1, 0, pairs), Positions / 8.0 * 1.2e-7);
    }
}
