using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>What holds for every optimizer; each has a class that derives from this.</summary>
public abstract class OptimizerTests
{
    private const ScalarType BFloat16 = ScalarType.BFloat16;

    public static TheoryData<ScalarType, HalfPrecisionUpdates> Kinds => new()
    {
        { ScalarType.Float64, default }, { ScalarType.Float32, default }, { ScalarType.Float16, default }, { BFloat16, default },
        { BFloat16, HalfPrecisionUpdates.StochasticRounding }, { BFloat16, HalfPrecisionUpdates.Nearest },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_InSlicesOfAnySize_IsTheSameToTheBit(ScalarType dataType, HalfPrecisionUpdates half) =>
        AssertSameRun(dataType, Options(half), Options(half), optimizer => optimizer.SliceElements = 256);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_StateOnHostWithCopies_IsTheSameToTheBit(ScalarType dataType, HalfPrecisionUpdates half)
    {
        AssertSameRun(dataType, Options(half), Options(half, onHost: true), _ => { });
        AssertSameRun(dataType, Options(half), Options(half, onHost: true), optimizer => { optimizer.AlwaysCopies = true; optimizer.SliceElements = 512; });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_OneByOneInAnotherOrder_IsTheSameToTheBit(ScalarType dataType, HalfPrecisionUpdates half)
    {
        using TestParameters together = new(dataType), apart = new(dataType);
        using Optimizer first = Create(together, Options(half)), second = Create(apart, Options(half));
        for (int step = 0; step < 4; step++)
        {
            together.SetGradients(step);
            apart.SetGradients(step);
            first.Step(Rate(step));
            second.BeginStep(Rate(step));
            foreach (Parameter parameter in apart.All.Reverse())
            {
                second.Step(parameter);
                parameter.ReleaseGradient();
            }
        }

        Assert.Equal(4, second.Updates);
        TestParameters.AssertSame(together, apart);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Restore_OfASavedState_GoesOnTheSameToTheBit(ScalarType dataType, HalfPrecisionUpdates half)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TestParameters straight = new(dataType), resumed = new(dataType);
        using Optimizer first = Create(straight, Options(half)), second = Create(resumed, Options(half));
        Steps(first, straight, 0, 3);
        SafetensorsWriter.Write(folder["state"], first.State());
        resumed.CopyFrom(straight);
        Steps(first, straight, 3, 6);
        using (SafetensorsFile file = SafetensorsFile.Open(folder["state"]))
        {
            second.CheckState(file);
            second.Restore(file, 3);
        }

        Steps(second, resumed, 3, 6);
        Assert.Equal(6, second.Updates);
        TestParameters.AssertSame(straight, resumed);
    }

    [Fact]
    public void CheckState_AnyTensorMissing_NamesIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var parameters = new TestParameters(BFloat16);
        using Optimizer optimizer = Create(parameters, Options());
        foreach (SafetensorsEntry missing in optimizer.State())
        {
            SafetensorsWriter.Write(folder["state"], [.. optimizer.State().Where(entry => entry.Name != missing.Name)]);
            using SafetensorsFile file = SafetensorsFile.Open(folder["state"]);
            Assert.Contains($"'{missing.Name}'", Assert.Throws<CheckpointFormatException>(() => optimizer.CheckState(file)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Step_WithoutAGradient_KeepsValueAndStateAndItsOwnCount()
    {
        using TestParameters sometimes = new(ScalarType.Float64), always = new(ScalarType.Float64);
        using Optimizer first = Create(sometimes, Options()), second = Create(always, Options());
        for (int step = 0; step < 3; step++)
        {
            // Two steps without a gradient, of which the other knows nothing.
            sometimes.SetGradients(step);
            always.SetGradients(step);
            first.Step(Rate(step));
            second.Step(Rate(step));
            first.ReleaseGradients();
            first.Step(1);
            first.Step(1);
        }

        Assert.Equal(9, first.Updates);
        TestParameters.AssertSame(always, sometimes);
    }

    [Fact]
    public void Step_GroupWithAFactor_HasItsOwnRate()
    {
        using TestParameters grouped = new(ScalarType.Float64), plain = new(ScalarType.Float64);
        ParameterGroup[] groups = [new() { Pattern = "*.mlp.*", LearningRateFactor = 0.25 }];
        using Optimizer first = Options().Create(grouped.All, groups, seed: 1), second = Create(plain, Options());
        Steps(first, grouped, 0, 3);
        for (int step = 0; step < 3; step++)
        {
            plain.SetGradients(step);
            second.Step(Rate(step) * 0.25);
        }

        Assert.Equal(plain.Values["layers.0.mlp.up_proj.weight"], grouped.Values["layers.0.mlp.up_proj.weight"]);
        Assert.NotEqual(plain.Values["layers.0.norm.weight"], grouped.Values["layers.0.norm.weight"]);
    }

    [Fact]
    public void Step_GradientThatLiesTransposed_IsTheSameToTheBit()
    {
        using TestParameters plain = new(ScalarType.Float32), transposed = new(ScalarType.Float32);
        using Optimizer first = Create(plain, Options()), second = Create(transposed, Options());
        plain.SetGradients(1);
        foreach ((Parameter mine, Parameter theirs) in transposed.All.Zip(plain.All))
        {
            using Tensor turned = theirs.Gradient!.transpose(0, -1), lying = turned.contiguous(), view = lying.transpose(0, -1);
            mine.AddGradient(view);
        }

        Assert.False(transposed["mlp"].Gradient!.is_contiguous());
        first.Step(0.1);
        second.Step(0.1);
        TestParameters.AssertSame(plain, transposed);
    }

    [Fact]
    public void GradientNorm_OfAll_IsTheRootOfTheSquares()
    {
        using var parameters = new TestParameters(ScalarType.Float64);
        using Optimizer optimizer = Create(parameters, Options());
        Assert.Equal(0, optimizer.GradientNorm());
        parameters.SetGradients(3);
        double squares = parameters.All.Sum(parameter => TinyModels.Doubles(parameter.Gradient!).Sum(g => g * g));
        Assert.Equal(Math.Sqrt(squares), optimizer.GradientNorm(), 1e-12);
        optimizer.ScaleGradients(0.25);
        Assert.Equal(0.25 * Math.Sqrt(squares), optimizer.GradientNorm(), 1e-12);
        optimizer.ClearGradients();
        Assert.Equal(0, optimizer.GradientNorm());
        optimizer.ReleaseGradients();
        Assert.All(parameters.All, parameter => Assert.Null(parameter.Gradient));
    }

    /// <summary>Constants that are not the defaults, with decay.</summary>
    protected abstract OptimizerOptions Options(HalfPrecisionUpdates half = default, bool onHost = false);

    internal static Optimizer Create(TestParameters parameters, OptimizerOptions options) => options.Create(parameters.All, [], seed: 1);

    internal static void Steps(Optimizer optimizer, TestParameters parameters, int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            parameters.SetGradients(step);
            optimizer.Step(Rate(step));
        }
    }

    protected static double Rate(int step) => 0.1 / (step + 1);

    /// <summary>Ten steps are those of the formulas, for every shape.</summary>
    internal static void AssertFollows(
        OptimizerOptions options, Func<double[], long[], bool, IScalarOptimizer> create, ScalarType dataType, double tolerance)
    {
        using var parameters = new TestParameters(dataType);
        using Optimizer optimizer = Create(parameters, options);
        Dictionary<string, IScalarOptimizer> byHand = parameters.All.ToDictionary(
            parameter => parameter.Name, parameter => create(TinyModels.Doubles(parameter.Value), parameter.Value.shape, parameter.Value.dim() > 1));
        for (int step = 0; step < 10; step++)
        {
            parameters.SetGradients(step);
            foreach (Parameter parameter in parameters.All) byHand[parameter.Name].Step(TinyModels.Doubles(parameter.Gradient!), Rate(step));
            optimizer.Step(Rate(step));
        }

        Assert.Equal(10, optimizer.Updates);
        foreach ((string name, double[] values) in parameters.Values) TinyModels.AssertClose(byHand[name].Values, values, tolerance, name);
    }

    private static void AssertSameRun(ScalarType dataType, OptimizerOptions expectedOptions, OptimizerOptions actualOptions, Action<Optimizer> change)
    {
        using TestParameters expected = new(dataType), actual = new(dataType);
        using Optimizer first = Create(expected, expectedOptions), second = Create(actual, actualOptions);
        change(second);
        Steps(first, expected, 0, 4);
        Steps(second, actual, 0, 4);
        TestParameters.AssertSame(expected, actual);
        using var untouched = new TestParameters(dataType);
        Assert.False(untouched.All[0].Value.bytes.SequenceEqual(expected.All[0].Value.bytes));
    }
}
