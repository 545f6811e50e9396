using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class AdamW8BitTests : OptimizerTests
{
    private const int Block = 256;

    /// <summary>By libtorch's operators in float64, by them in float32, and by the kernel.</summary>
    [Theory]
    [InlineData(ScalarType.Float64, true)]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.BFloat16, false)]
    public void Step_FromTheStateThatIsThere_IsTheScalarAlgorithmAndLeavesTheNearestCodes(ScalarType dataType, bool avoidsKernel)
    {
        var options = (AdamW8BitOptions)Options();
        using var parameters = new TestParameters(dataType);
        using var optimizer = new AdamW8Bit(parameters.All, options, [], seed: 0) { AvoidsKernel = avoidsKernel };
        // 1,080 values: four blocks and 56 values of a fifth.
        Parameter parameter = parameters["embed"];
        double[] exact = TinyModels.Doubles(parameter.Value);
        for (int step = 0; step < 6; step++)
        {
            (double[] mean, double[] square) = Decoded(optimizer, parameter.Name);
            parameters.SetGradients(step);
            double[] g = TinyModels.Doubles(parameter.Gradient!);
            optimizer.Step(0.1);
            for (int i = 0; i < exact.Length; i++)
            {
                mean[i] = options.Beta1 * mean[i] + (1 - options.Beta1) * g[i];
                square[i] = options.Beta2 * square[i] + (1 - options.Beta2) * g[i] * g[i];
                double root = Math.Sqrt(square[i] / (1 - Math.Pow(options.Beta2, step + 1)));
                exact[i] = exact[i] * (1 - 0.1 * options.WeightDecay) - 0.1 / (1 - Math.Pow(options.Beta1, step + 1)) * mean[i] / (root + options.Epsilon);
            }

            TinyModels.AssertClose(exact, TinyModels.Doubles(parameter.Value), dataType == ScalarType.BFloat16 ? 1.0 / 256 : 2e-6, $"weights of step {step}");
            (double[] storedMean, double[] storedSquare) = Decoded(optimizer, parameter.Name);
            AssertNearest(mean, storedMean, ToDoubles(DynamicTree.Signed.Values));
            AssertNearest(square, storedSquare, ToDoubles(DynamicTree.Unsigned.Values));
        }
    }

    [Fact]
    public void Step_ByKernelWithAnyThreads_IsTheSameToTheBit()
    {
        int before = get_num_threads();
        using TestParameters one = new(ScalarType.Float32), four = new(ScalarType.Float32);
        using Optimizer first = Create(one, Options()), second = Create(four, Options());
        Steps(first, one, 0, 3);
        try
        {
            set_num_threads(4);
            Steps(second, four, 0, 3);
        }
        finally
        {
            set_num_threads(before);
        }

        TestParameters.AssertSame(one, four);
    }

    [Fact]
    public void State_OfAMatrix_TakesAboutTwoBytesAValue()
    {
        using Tensor matrix = zeros(512, 300), small = zeros(63, 65), norm = zeros(8192);
        using Optimizer optimizer = new AdamW8BitOptions().Create([new("matrix", matrix), new("small", small), new("norm", norm)], [], seed: 0);
        Assert.Equal(2 + 8.0 / Block, BytesPerValue(optimizer, "matrix", 512 * 300), 1e-3);
        Assert.Equal(8, BytesPerValue(optimizer, "small", 63 * 65), 1e-9);
        Assert.Equal(8, BytesPerValue(optimizer, "norm", 8192), 1e-9);
    }

    [Fact]
    public void CheckState_OfAdamW_IsRefusedByType()
    {
        using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
        using var parameters = new TestParameters(ScalarType.Float32);
        using Optimizer adamW = Create(parameters, new AdamWOptions()), blockwise = Create(parameters, Options());
        SafetensorsWriter.Write(folder["state"], adamW.State());
        using SafetensorsFile file = SafetensorsFile.Open(folder["state"]);
        string message = Assert.Throws<CheckpointFormatException>(() => blockwise.CheckState(file)).Message;
        Assert.Contains("'exp_avg.model.embed_tokens.weight' is of type Float32, expected UInt8", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_OnAToyProblem_ReachesAlmostAdamWsLoss()
    {
        // A matrix of 64 × 80 is fitted to another through noisy gradients: what is left is their noise, not the state's.
        double full = ToyLoss(new AdamWOptions { WeightDecay = 0 }), blockwise = ToyLoss(new AdamW8BitOptions { WeightDecay = 0 });
        Assert.True(full < 2e-3, $"AdamW's loss is {full}");
        Assert.True(blockwise < 1.2 * full, $"8 bits reach {blockwise}, AdamW {full}");
    }

    protected override OptimizerOptions Options(HalfPrecisionUpdates half = default, bool onHost = false) => new AdamW8BitOptions
    {
        Beta1 = 0.7, Beta2 = 0.9, Epsilon = 1e-3, WeightDecay = 0.5, MinimumSize = 500, HalfPrecisionUpdates = half, StateOnHost = onHost,
    };

    private static double ToyLoss(OptimizerOptions options)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        Tensor target = randn(64, 80, generator: generator), value = zeros(64, 80);
        var parameter = new Parameter("matrix", value);
        using Optimizer optimizer = options.Create([parameter], [], seed: 0);
        for (int step = 0; step < 600; step++)
        {
            using var stepScope = NewDisposeScope();
            parameter.ReleaseGradient();
            parameter.AddGradient(value.Minus(target).Plus(randn(64, 80, generator: generator).Times(0.5)));
            optimizer.Step(0.05 * (1 - step / 600.0));
        }

        parameter.ReleaseGradient();
        return TinyModels.Doubles(value.Minus(target).Squared().mean())[0];
    }

    private static double BytesPerValue(Optimizer optimizer, string name, long values)
    {
        long bytes = 0;
        foreach (SafetensorsEntry entry in optimizer.State().Where(entry => entry.Name.EndsWith("." + name, StringComparison.Ordinal) && !entry.Name.StartsWith("step.", StringComparison.Ordinal)))
            bytes += entry.Shape.Aggregate(1L, (a, b) => a * b) * (entry.DataType == TensorDataType.UInt8 ? 1 : 4);
        return bytes / (double)values;
    }

    /// <summary>The state in double, read as it lies in a file.</summary>
    private static (double[] Mean, double[] Square) Decoded(Optimizer optimizer, string name)
    {
        using TestSupport.TemporaryFolder folder = TestSupport.TestPaths.NewTemporaryFolder();
        SafetensorsWriter.Write(folder["state"], optimizer.State());
        using SafetensorsFile file = SafetensorsFile.Open(folder["state"]);
        double[] Of(string prefix, DynamicTree tree)
        {
            byte[] codes = file.ReadArray<byte>($"{prefix}.{name}");
            float[] scales = file.ReadArray<float>($"{prefix}_absmax.{name}");
            return [.. codes.Select((code, i) => tree.Values[code] * (double)scales[i / Block])];
        }

        return (Of("exp_avg", DynamicTree.Signed), Of("exp_avg_sq", DynamicTree.Unsigned));
    }

    private static void AssertNearest(double[] exact, double[] stored, double[] tree)
    {
        for (int begin = 0; begin < exact.Length; begin += Block)
        {
            int end = Math.Min(exact.Length, begin + Block);
            double scale = Enumerable.Range(begin, end - begin).Max(i => Math.Abs(exact[i]));
            for (int i = begin; i < end; i++)
            {
                double nearest = tree.Min(value => Math.Abs((value * scale) - exact[i]));
                Assert.True(Math.Abs(stored[i] - exact[i]) <= nearest + 1e-6 * scale, $"value {i}: {exact[i]} is kept as {stored[i]}, of scale {scale}");
            }
        }
    }

    private static double[] ToDoubles(IEnumerable<float> values) => [.. values.Select(value => (double)value)];
}
