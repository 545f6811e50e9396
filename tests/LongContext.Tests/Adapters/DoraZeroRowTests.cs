using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.Tests.Training;
using LongContext.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>DoRA where a row of W + s·B·A has no direction: m/n is 0/0, or m/0.</summary>
public sealed class DoraZeroRowTests
{
    private const int Tokens = 11, ZeroRow = 3, TinyRow = 6;

    public static TheoryData<ScalarType, double, double> Cases => new(
        from type in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16 }
        from dropout in new[] { 0, 0.3 }
        from magnitude in new[] { 0, 2.0 } // of the row: as it begins, and as a file may have it
        select (type, dropout, magnitude));

    [Theory]
    [MemberData(nameof(Cases))]
    public void ApplyBackwardAndMerge_RowOfZeros_AreNumbers(ScalarType type, double dropout, double magnitude)
    {
        using CausalLanguageModel model = Model(type);
        Linear linear = Adapted(model, dropout, magnitude);
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(2, CPU);
        var call = new LinearCall(dropout > 0 ? 5UL : null);
        Tensor x = randn([Tokens, linear.Inputs], dtype: ScalarType.Float32, generator: generator).to(type);
        Tensor gradient = randn([Tokens, linear.Outputs], dtype: ScalarType.Float32, generator: generator).to(type);
        LoraLayer layer = linear.Adapter!;
        Tensor outputs, inputs;
        using (no_grad())
        {
            outputs = linear.Apply(x, call);
            inputs = linear.Backward(x, gradient, call);
        }

        Assert.All(TinyModels.Doubles(outputs.narrow(1, ZeroRow, 1)), value => Assert.Equal(0, value));
        foreach (Tensor each in (Tensor[])[outputs, inputs, layer.A.Gradient!, layer.B.Gradient!, layer.Magnitude!.Gradient!]) AssertFinite(each);
        Assert.All(TinyModels.Doubles(layer.B.Gradient!.narrow(0, ZeroRow, 1)), value => Assert.NotEqual(0, value)); // it can learn
        Assert.Equal(0, TinyModels.Doubles(layer.Magnitude!.Gradient!)[ZeroRow]);

        if (type is ScalarType.Float64 or ScalarType.Float32) AssertAutograds(linear, x, gradient, call, inputs);
        layer.A.Value.requires_grad_(false);
        layer.B.Value.requires_grad_(false);
        layer.Magnitude.Value.requires_grad_(false);
        model.MergeAdapter();
        AssertFinite(linear.Weight.Value);
        Assert.All(TinyModels.Doubles(linear.Weight.Value.narrow(0, ZeroRow, 1)), value => Assert.Equal(0, value));
    }

    [Fact]
    public async Task TrainAsync_RowsOfZeros_LearnAndMerge()
    {
        using CausalLanguageModel model = Model(ScalarType.Float32);
        // As models begin that are drawn so that each layer first passes on what it gets.
        foreach (Linear linear in model.Parameters.Linears.Where(linear => linear.Name.EndsWith("o_proj", StringComparison.Ordinal) || linear.Name.EndsWith("down_proj", StringComparison.Ordinal)))
            Zero(linear.Weight.Value, 0, linear.Outputs);
        model.AddAdapter(new LoraOptions { Rank = 3, WeightDecomposed = true }, seed: 3);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        TrainingRun run = await TrainingRun.Of(model, new TrainerOptions { Steps = 30, LearningRate = 2e-2, Schedule = LearningRateSchedule.Constant() }, pack);
        Assert.True(run.Losses[^1] < run.Losses[0] / 2, $"{run.Losses[0]} became {run.Losses[^1]}");
        double[] logits = TinyModels.Logits(model, pack);
        model.MergeAdapter();
        TinyModels.AssertClose(logits, TinyModels.Logits(model, pack), 1e-4);
    }

    private static void AssertAutograds(Linear linear, Tensor x, Tensor gradient, LinearCall call, Tensor inputs)
    {
        double tolerance = x.dtype == ScalarType.Float64 ? 1e-13 : 1e-6;
        Tensor tracked = x.detach().clone().requires_grad_(true);
        foreach (Parameter parameter in linear.Adapter!.Parameters) parameter.Value.requires_grad_(true);
        linear.Apply(tracked, call).backward([gradient]);
        TinyModels.AssertClose(TinyModels.Doubles(tracked.grad!), TinyModels.Doubles(inputs), tolerance, "inputs");
        foreach (Parameter parameter in linear.Adapter.Parameters)
            TinyModels.AssertClose(TinyModels.Doubles(parameter.Value.grad!), TinyModels.Doubles(parameter.Gradient!), tolerance, parameter.Name);
    }

    private static CausalLanguageModel Model(ScalarType type) => CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { DataType = type });

    /// <summary>A query projection with a row of zeros, and one whose squares are too small for float32; B is 0, as at the beginning.</summary>
    private static Linear Adapted(CausalLanguageModel model, double dropout, double magnitude)
    {
        Linear linear = model.Parameters.Linears[0];
        Zero(linear.Weight.Value, ZeroRow, 1);
        using DisposeScope scope = NewDisposeScope();
        using var noGradient = no_grad();
        linear.Weight.Value.narrow(0, TinyRow, 1).copy_(TensorArithmetic.Filled([1, linear.Inputs], 1e-30, ScalarType.Float64, CPU));
        model.AddAdapter(new LoraOptions { Rank = 3, Alpha = 5, Dropout = dropout, WeightDecomposed = true }, seed: 3);
        LoraLayer layer = linear.Adapter!;
        layer.Magnitude!.Value.narrow(0, ZeroRow, 1).copy_(TensorArithmetic.Filled([1], magnitude, layer.Magnitude.Value.dtype, CPU));
        foreach (Parameter parameter in layer.Parameters) parameter.Trains = true;
        return linear;
    }

    private static void Zero(Tensor weight, long row, long count)
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGradient = no_grad();
        weight.narrow(0, row, count).zero_();
    }

    private static void AssertFinite(Tensor tensor) => Assert.All(TinyModels.Doubles(tensor), value => Assert.True(double.IsFinite(value), $"{value}"));
}
