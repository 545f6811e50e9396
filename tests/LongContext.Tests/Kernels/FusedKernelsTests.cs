using LongContext.Kernels;
using LongContext.Models;
using LongContext.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

public sealed class FusedKernelsTests
{
    [Theory]
    [InlineData(null, null, true)]
    [InlineData(null, "0", false)]
    [InlineData(null, "FALSE", false)]
    [InlineData(null, "1", true)]
    [InlineData(null, "", true)]
    [InlineData(true, "0", true)]
    [InlineData(false, "1", false)]
    public void Switch_GoesBeforeTheVariable(bool? appContext, string? variable, bool on) => Assert.Equal(on, FusedKernels.ReadSwitch(appContext, variable));

    [Fact]
    public void WhyNot_OfAGpu_NamesWhatIsMissing()
    {
        static Version Capability(int major) => new(major, 5);
        Assert.Null(FusedKernels.WhyNot(true, null, () => Capability(8)));
        Assert.Contains(FusedKernels.SwitchName, FusedKernels.WhyNot(false, null, () => Capability(8)), StringComparison.Ordinal);
        Assert.Contains("no driver", FusedKernels.WhyNot(true, "no driver", () => throw new InvalidOperationException()), StringComparison.Ordinal);
        Assert.Contains("7.5", FusedKernels.WhyNot(true, null, () => Capability(7)), StringComparison.Ordinal);
    }

    [Fact]
    public void WhyNot_OfTensors_NamesDeviceOrType()
    {
        Assert.Contains("cpu", FusedKernels.WhyNot(CPU, ScalarType.Float32), StringComparison.Ordinal);
        Assert.Contains("Float64", FusedKernels.WhyNot(new Device(DeviceType.CUDA, 0), ScalarType.Float64), StringComparison.Ordinal);
        using var kernels = new EmulatedKernels();
        Assert.Null(FusedKernels.WhyNot(CPU, ScalarType.BFloat16));
    }

    [Fact]
    public void For_OutsideTheScope_IsNull()
    {
        using Tensor x = zeros(3);
        Assert.Null(FusedKernels.For(x));
        using (var kernels = new EmulatedKernels())
        {
            Assert.Same(kernels.Context, FusedKernels.For(x)?.Context);
            FusedKernels? elsewhere = FusedKernels.For(x), started = null;
            var other = new Thread(() => elsewhere = FusedKernels.For(x));
            var own = new Thread(() => started = FusedKernels.For(x));
            other.UnsafeStart(); // without this test's execution context, as other tests run
            own.Start();
            other.Join();
            own.Join();
            Assert.Null(elsewhere);
            Assert.NotNull(started);
        }

        Assert.Null(FusedKernels.For(x));
    }

    [Fact]
    public void Create_OfAModel_LogsTheChoiceOnce()
    {
        var log = new ListLogger();
        using (CausalLanguageModel.Create(TinyModels.Config(), 1, new ModelLoadOptions { Logger = log })) { }
        string[] lines = [.. log.All.Select(said => said.Text)];
        string line = Assert.Single(lines, line => line.Contains("rotary", StringComparison.Ordinal));
        Assert.Contains("libtorch", line, StringComparison.Ordinal);
        Assert.Contains("not on a GPU", line, StringComparison.Ordinal);
        Assert.Single(lines, line => line.StartsWith("Attention", StringComparison.Ordinal));
    }
}
