using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Generation;

/// <summary>
/// y = x·Wᵀ with two threads. Baseline: libtorch's linear in the same number format. One row is decoding (24 matrices of its own size one after another, so that weights come from memory),
/// 512 rows are a piece of a prompt.
/// </summary>
[InvocationCount(1), WarmupCount(3), IterationCount(15)]
public unsafe class CpuLinearBenchmarks
{
    private const int Threads = 2;
    private readonly List<Tensor> weights = [];
    private readonly List<WeightMatrix> matrices = [];
    private CpuTeam team = null!;
    private Tensor x = null!;
    private Tensor xOfTorch = null!;
    private Tensor y = null!;
    private int outputs;
    private int inputs;

    /// <summary>Rows of x.</summary>
    [Params(1, 512)]
    public int Rows { get; set; }

    /// <summary>Outputs and inputs.</summary>
    [Params("1024x1024", "2816x1024", "2048x5632")]
    public string Shape { get; set; } = "1024x1024";

    /// <summary>How the weights lie; libtorch multiplies in the same type, ours always in float32.</summary>
    [Params("Float32", "BFloat16")]
    public string Format { get; set; } = "Float32";

    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(Threads);
        team = new CpuTeam(Threads);
        string[] sizes = Shape.Split('x');
        outputs = int.Parse(sizes[0], System.Globalization.CultureInfo.InvariantCulture);
        inputs = int.Parse(sizes[1], System.Globalization.CultureInfo.InvariantCulture);
        ScalarType type = Format == "Float32" ? ScalarType.Float32 : ScalarType.BFloat16;
        x = randn([Rows, inputs]);
        xOfTorch = x.to(type);
        y = zeros([Rows, outputs]);
        for (int i = 0; i < (Rows == 1 ? 24 : 1); i++)
        {
            using Tensor wide = randn([outputs, inputs]);
            Tensor weight = wide.to(type, copy: true);
            weights.Add(weight);
            matrices.Add(new WeightMatrix { Format = Enum.Parse<WeightFormat>(Format), Outputs = outputs, Inputs = inputs, Codes = weight.Address() });
        }

        Ours();
        using Tensor last = weights[^1].to(ScalarType.Float32);
        using Tensor expected = nn.functional.linear(x, last);
        Agreement.Require("product", expected, y, 1e-5 * inputs);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (Tensor weight in weights) weight.Dispose();
        weights.Clear();
        matrices.Clear();
        x.Dispose();
        xOfTorch.Dispose();
        y.Dispose();
        team.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Libtorch()
    {
        using var noGradient = no_grad();
        foreach (Tensor weight in weights)
        {
            using Tensor result = nn.functional.linear(xOfTorch, weight);
        }
    }

    [Benchmark]
    public void Ours()
    {
        foreach (WeightMatrix matrix in matrices) LinearKernel.Apply(team, matrix, (float*)x.Address(), inputs, (float*)y.Address(), outputs, Rows);
    }
}
