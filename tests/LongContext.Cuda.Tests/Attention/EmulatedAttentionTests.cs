using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>
/// The committed PTX on an emulated GPU, which also throws at an access out of bounds, a read of what was never written and a race in shared
/// memory.
/// </summary>
public sealed class EmulatedAttentionTests : AttentionKernelSuite, IDisposable
{
    private readonly EmulatedDriver driver = new(new EmulationOptions { Threads = 2, CountMemory = false, CheckLanes = true });
    private readonly CudaContext context;

    public EmulatedAttentionTests()
    {
        context = new CudaContext(driver, 0);
    }

    protected override CudaContext Context => context;

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }

    private protected override AttentionResults InAnotherOrder(Func<AttentionResults> run)
    {
        EmulationOptions before = driver.Options;
        driver.Options = before with { Seed = 7, ResidentBlocks = 3 };
        AttentionResults results = run();
        driver.Options = before;
        return results;
    }
}
