using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>On a GPU, where there is one.</summary>
public sealed class GpuCacheAppendTests : CacheAppendTests
{
    protected override CudaContext Context
    {
        get
        {
            Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
            return CudaContext.ForDevice(0);
        }
    }
}
