using System.Collections.Concurrent;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Kernels;

namespace LongContext.Tests.Kernels;

/// <summary>Sends this test's tensors on the CPU through the real launchers and PTX, on an emulated GPU, until disposed.</summary>
internal sealed class EmulatedKernels : IDisposable
{
    private readonly EmulatedDriver driver;
    private readonly ConcurrentBag<string> launches = [];
    private readonly IDisposable scope;

    public EmulatedKernels()
    {
        // Tensors are the host's: bounds are checked by the launchers' own suites.
        driver = new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, CountMemory = false, Multiprocessors = 4 })
        {
            Launched = report => launches.Add(report.Kernel),
        };
        Context = new CudaContext(driver, 0);
        scope = FusedKernels.UseOnCpu(Context);
    }

    public CudaContext Context { get; }

    /// <summary>Kernels that ran, in any order.</summary>
    public IReadOnlyCollection<string> Launches => launches;

    /// <summary>What a function gives with the kernels; it fails where none of a name ran.</summary>
    public static T Run<T>(string kernel, Func<T> function)
    {
        using var kernels = new EmulatedKernels();
        T result = function();
        Assert.Contains(kernels.Launches, name => name.Contains(kernel, StringComparison.Ordinal));
        return result;
    }

    public void Dispose()
    {
        scope.Dispose();
        Context.Dispose();
        driver.Dispose();
    }
}
