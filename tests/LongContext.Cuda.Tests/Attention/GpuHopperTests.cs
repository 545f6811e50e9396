using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The Hopper path on a GPU of that architecture, longer packs included.</summary>
public sealed class GpuHopperTests : HopperKernelSuite
{
    public GpuHopperTests()
    {
        Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
        Context = CudaContext.ForDevice(0);
        Assert.SkipUnless(Context.Architecture.IsHopper, $"the GPU has compute capability {Context.Architecture.ComputeCapability}; wgmma needs 9.0");
    }

    protected override CudaContext Context { get; }

    internal override IReadOnlyList<AttentionCase> Cases => [.. base.Cases, .. AttentionCases.Small.Where(pack => pack.Tokens > 0), .. AttentionCases.Long];
}
