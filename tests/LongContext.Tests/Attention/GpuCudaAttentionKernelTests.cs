using LongContext.Attention;
using LongContext.Cuda;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>The kernels on a GPU.</summary>
public sealed class GpuCudaAttentionKernelTests : CudaAttentionKernelSuite
{
    public GpuCudaAttentionKernelTests() => Assert.SkipUnless(
        CudaDevice.IsAvailable && cuda.is_available(), "no GPU: " + (CudaDevice.UnavailableReason ?? "this libtorch is not built for CUDA"));

    protected override IAttentionKernel Kernel { get; } = new CudaAttentionKernel();

    protected override Device Device => CUDA;

    private protected override CudaAttentionKernel DeterministicKernel { get; } = new(deterministic: true);
}
