using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The same kernels on a GPU.</summary>
public sealed class GpuAttentionTests : AttentionKernelSuite
{
    /// <summary>All small packs: a GPU has the time.</summary>
    internal override IReadOnlyList<AttentionCase> Cases => AttentionCases.Small;

    protected override CudaContext Context
    {
        get
        {
            Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
            Assert.SkipUnless(CudaDevice.Get(0).ComputeCapability.Major >= 8, "the GPU's compute capability is below 8.0");
            return CudaContext.ForDevice(0);
        }
    }

    protected override GpuArchitecture Large => Context.Architecture;
}
