using LongContext.Attention;
using LongContext.Cuda;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>On a GPU.</summary>
public sealed class GpuCudaModelFixtureTests : CudaModelFixtureSuite
{
    public GpuCudaModelFixtureTests() => Assert.SkipUnless(
        CudaDevice.IsAvailable && cuda.is_available(), "no GPU: " + (CudaDevice.UnavailableReason ?? "this libtorch is not built for CUDA"));

    protected override Device Device => CUDA;

    private protected override CudaAttentionKernel Kernel { get; } = new();
}
