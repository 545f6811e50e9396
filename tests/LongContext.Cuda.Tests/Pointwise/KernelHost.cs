using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>Where a suite's kernels run: an emulated GPU, which counts what they do, or a real one.</summary>
public abstract class KernelHost
{
    private static readonly Lazy<KernelHost> Real = new(() => new RealHost());

    /// <summary>The first GPU; skips the test where there is none.</summary>
    public static KernelHost OfGpu
    {
        get
        {
            Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
            return Real.Value;
        }
    }

    public abstract CudaContext Context { get; }

    /// <summary>Whether launches are counted.</summary>
    public virtual bool Counts => false;

    /// <summary>What was launched since the last call; empty on a real GPU.</summary>
    public virtual IReadOnlyList<LaunchReport> Reports() => [];

    /// <summary>An emulated H100 of its own for each suite, with all checks on and warps in random order.</summary>
    public static KernelHost Emulate(int multiprocessors = 132) => new EmulatedHost(multiprocessors);

    private sealed class RealHost : KernelHost
    {
        public override CudaContext Context { get; } = CudaContext.ForDevice(0);
    }

    private sealed class EmulatedHost : KernelHost
    {
        private readonly List<LaunchReport> reports = [];

        public EmulatedHost(int multiprocessors)
        {
            var driver = new EmulatedDriver(new EmulationOptions { Multiprocessors = multiprocessors, Seed = 1, CheckLanes = true });
            driver.Launched = reports.Add;
            Context = new CudaContext(driver, 0);
        }

        public override CudaContext Context { get; }

        public override bool Counts => true;

        public override IReadOnlyList<LaunchReport> Reports()
        {
            LaunchReport[] result = [.. reports];
            reports.Clear();
            return result;
        }
    }
}
