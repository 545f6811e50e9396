using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>The committed PTX of the Hopper path on an emulated GPU, with its checks of bounds, initialisation, races and barriers.</summary>
public sealed class EmulatedHopperTests : HopperKernelSuite, IDisposable
{
    private readonly EmulatedDriver driver = new(new EmulationOptions { Threads = 2, CountMemory = false, CheckProxyReads = true });
    private readonly CudaContext context;

    public EmulatedHopperTests() => context = new CudaContext(driver, 0);

    protected override CudaContext Context => context;

    [Theory]
    [InlineData(64)]
    [InlineData(128)]
    internal void Kernels_OverAThousandTokens_AreTheDefinition(int headSize)
    {
        var pack = new AttentionCase("a thousand", [1_000, 1, 60]) { HeadSize = headSize };
        Check(pack, GpuArchitecture.H100 with { MultiprocessorCount = 5 });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Kernels_InAnyOrderOfWarpsAndBlocks_AreTheDefinition(int seed)
    {
        driver.Options = driver.Options with { Seed = seed, ResidentBlocks = 2 };
        foreach (int headSize in new[] { 64, 128 })
            Check(new AttentionCase("pack", [300, 65, 129]) { HeadSize = headSize, Heads = 2 }, GpuArchitecture.H100 with { MultiprocessorCount = 2 });
    }

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
