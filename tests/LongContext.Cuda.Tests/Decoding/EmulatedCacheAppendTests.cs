using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>On the emulator, with its checks.</summary>
public sealed class EmulatedCacheAppendTests : CacheAppendTests, IDisposable
{
    private readonly EmulatedDriver driver = new();
    private readonly CudaContext context;

    public EmulatedCacheAppendTests() => context = new CudaContext(driver, 0);

    protected override CudaContext Context => context;

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }
}
