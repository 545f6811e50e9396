using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The committed PTX of the Hopper path on an emulated GPU, with its checks of bounds, initialisation, races and barriers.</summary>
public sealed class EmulatedHopperTests : HopperKernelSuite, IDisposable
{
    private readonly EmulatedDriver driver = new(new EmulationOptions { Threads = 2, CountMemory = false });
    private readonly CudaContext context;

    public EmulatedHopperTests() => context = new CudaContext(driver, 0);

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
