using LongContext.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>What the tiled kernels leave behind.</summary>
[Collection(TensorCounting.Name)]
public sealed class CudaAttentionTensorTests
{
    [Fact]
    public void Forward_OneAfterAnother_KeepsNoTensorsButPlans()
    {
        using var scope = NewDisposeScope();
        using var context = new CudaContext(new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false }), 0);
        var kernel = EmulatedAttention.Create(context);
        Tensor q = randn(40, 2, 64, dtype: ScalarType.BFloat16, device: CPU);
        for (int i = 0; i < 16; i++) Run(i + 1); // as many plans as are kept
        long before = TensorCounting.Count();
        for (int i = 0; i < 30; i++) Run(i + 1);
        Assert.Equal(before, TensorCounting.Count());

        void Run(int border) => kernel.Forward(q, q, q, new AttentionArguments { CumulativeSequenceLengths = new[] { 0, border, 40 } }).Dispose();
    }
}
