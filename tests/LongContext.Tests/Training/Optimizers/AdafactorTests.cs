using LongContext.Models;
using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class AdafactorTests : OptimizerTests
{
    public static TheoryData<double?, bool, bool, double, ScalarType, double> Choices
    {
        get
        {
            var data = new TheoryData<double?, bool, bool, double, ScalarType, double>();
            foreach (double? beta1 in new double?[] { null, 0.9 })
            foreach (bool relative in new[] { false, true })
            foreach (bool scale in new[] { false, true })
            foreach (double clip in new[] { 1.0, 0.5 })
            {
                data.Add(beta1, relative, scale, clip, ScalarType.Float64, 1e-12);
                data.Add(beta1, relative, scale, clip, ScalarType.Float32, 3e-6);
                data.Add(beta1, relative, scale, clip, ScalarType.BFloat16, 1.0 / 256);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public void Step_TenTimes_IsTheScalarAlgorithm(double? beta1, bool relative, bool scale, double clip, ScalarType dataType, double tolerance)
    {
        var options = new AdafactorOptions { Beta1 = beta1, RelativeStep = relative, ScaleByParameter = scale, ClipThreshold = clip, WeightDecay = 0.2 };
        AssertFollows(options, (values, shape, decays) => new ScalarAdafactor(values, shape, options, decays), dataType, tolerance);
    }

    [Fact]
    public void Step_MatrixOfSeveralSlices_IsTheScalarAlgorithm()
    {
        // 700 rows of 600 are walked in two slices.
        var options = new AdafactorOptions { Beta1 = 0.5, WeightDecay = 0.1 };
        using var scope = NewDisposeScope();
        Tensor value = TensorArithmetic.Range(0, 420_000, CPU).to(ScalarType.Float64).Times(1.0 / 420_000).view(700, 600);
        var parameter = new Parameter("matrix", value);
        using Optimizer optimizer = options.Create([parameter], [], seed: 0);
        var byHand = new ScalarAdafactor(TinyModels.Doubles(value), [700, 600], options, decays: true);
        for (int step = 0; step < 2; step++)
        {
            TestParameters.SetGradient(parameter, step);
            byHand.Step(TinyModels.Doubles(parameter.Gradient!), 0.1);
            optimizer.Step(0.1);
        }

        parameter.ReleaseGradient();
        TinyModels.AssertClose(byHand.Values, TinyModels.Doubles(value), 1e-12);
    }

    [Fact]
    public void State_OfAMatrix_IsItsRowAndColumn()
    {
        using var parameters = new TestParameters(ScalarType.Float32);
        using Optimizer optimizer = Create(parameters, new AdafactorOptions());
        Assert.Equal([37], optimizer.State().Single(entry => entry.Name == "exp_avg_sq_row.layers.0.mlp.up_proj.weight").Shape);
        Assert.Equal([23], optimizer.State().Single(entry => entry.Name == "exp_avg_sq_col.layers.0.mlp.up_proj.weight").Shape);
        Assert.DoesNotContain(optimizer.State(), entry => entry.Name.StartsWith("exp_avg.", StringComparison.Ordinal));
    }

    protected override OptimizerOptions Options(HalfPrecisionUpdates half = default, bool onHost = false) =>
        new AdafactorOptions { Beta1 = 0.9, WeightDecay = 0.2, ScaleByParameter = true, HalfPrecisionUpdates = half, StateOnHost = onHost };
}
