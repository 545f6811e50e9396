using System.Diagnostics;
using LongContext.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Training.Monitoring;

/// <summary>
/// Highest memory use so far. The host's is the operating system's own mark. On a GPU the driver knows only what is in use now; but
/// libtorch keeps what it once took, so what is in use after a step is what the step needed at most, other programs' share included.
/// </summary>
internal sealed class MemoryPeaks(Device device)
{
    private readonly CudaDevice? gpu = device.type == DeviceType.CUDA && CudaDevice.IsAvailable ? CudaDevice.Get(Math.Max(0, device.index)) : null;

    /// <summary>The GPU's name; null on the CPU.</summary>
    public string? DeviceName => gpu?.Name;

    /// <summary>Highest resident memory of the process, in bytes.</summary>
    public long Host { get; private set; }

    /// <summary>Highest use of the GPU's memory at the end of a step, in bytes; null on the CPU or where the driver does not say.</summary>
    public long? Device { get; private set; }

    /// <summary>Looks again; after each step.</summary>
    public void Update()
    {
        using var process = Process.GetCurrentProcess();
        Host = Math.Max(Host, Math.Max(process.PeakWorkingSet64, Environment.WorkingSet));
        if (gpu?.MemoryInUse is { } used) Device = Math.Max(Device ?? 0, used);
    }
}
