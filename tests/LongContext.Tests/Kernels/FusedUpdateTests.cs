using LongContext.Models;
using LongContext.Tests.Training.Optimizers;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedUpdateTests
{
    public static TheoryData<ScalarType, HalfPrecisionUpdates> Kinds => new()
    {
        { ScalarType.Float32, default }, { ScalarType.BFloat16, HalfPrecisionUpdates.MasterWeights }, { ScalarType.BFloat16, HalfPrecisionUpdates.StochasticRounding },
        { ScalarType.BFloat16, HalfPrecisionUpdates.Nearest }, { ScalarType.Float16, HalfPrecisionUpdates.MasterWeights }, { ScalarType.Float16, HalfPrecisionUpdates.Nearest },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void AdamW8Bit_OfAMatrix_HasTheHostsBits(ScalarType type, HalfPrecisionUpdates half)
    {
        using TestParameters host = new(type), device = new(type);
        var options = new AdamW8BitOptions { MinimumSize = 0, HalfPrecisionUpdates = half };
        using Optimizer expected = options.Create(host.All, [], seed: 5), actual = options.Create(device.All, [], seed: 5);
        Steps(expected, host, 3);
        EmulatedKernels.Run("adamw_blockwise", () => Steps(actual, device, 3));
        foreach ((Parameter mine, Parameter theirs) in host.All.Zip(device.All))
        {
            // Those of one dimension have AdamW's own state.
            if (mine.Shape.Length == 1) TinyModels.AssertClose(TinyModels.Doubles(mine.Value), TinyModels.Doubles(theirs.Value), type == ScalarType.Float32 ? 1e-6 : Closeness.Spacing(type), mine.Name);
            else Assert.True(mine.Value.bytes.SequenceEqual(theirs.Value.bytes), $"{type}, {half}: {mine.Name} differs");
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void AdamW_AnyParameter_IsAsGoodAsLibtorchs(ScalarType type, HalfPrecisionUpdates half)
    {
        using TestParameters host = new(type), device = new(type);
        var options = new AdamWOptions { HalfPrecisionUpdates = half };
        using Optimizer expected = options.Create(host.All, [], seed: 5), actual = options.Create(device.All, [], seed: 5);
        Steps(expected, host, 3);
        EmulatedKernels.Run("adamw", () => Steps(actual, device, 3));
        int differing = 0, all = 0;
        foreach ((Parameter mine, Parameter theirs) in host.All.Zip(device.All))
        {
            using var scope = NewDisposeScope();
            // Updates differ in float32's last bits, and where that is at a border of a half type, in its last.
            TinyModels.AssertClose(TinyModels.Doubles(mine.Value), TinyModels.Doubles(theirs.Value), type == ScalarType.Float32 ? 1e-6 : Closeness.Spacing(type), mine.Name);
            differing += TinyModels.Doubles(mine.Value).Zip(TinyModels.Doubles(theirs.Value)).Count(pair => pair.First != pair.Second);
            all += (int)mine.Value.numel();
        }

        if (type != ScalarType.Float32) Assert.True(differing <= all / 500, $"{differing} of {all} weights differ");
    }

    [Fact]
    public void Step_InFloat64_IsLeftToOperators()
    {
        using var parameters = new TestParameters(ScalarType.Float64);
        using Optimizer optimizer = new AdamWOptions().Create(parameters.All, [], seed: 0);
        using var kernels = new EmulatedKernels();
        Steps(optimizer, parameters, 1);
        Assert.Empty(kernels.Launches);
    }

    private static bool Steps(Optimizer optimizer, TestParameters parameters, int count)
    {
        for (int step = 0; step < count; step++)
        {
            parameters.SetGradients(step);
            optimizer.Step(0.01);
        }

        return true;
    }
}
