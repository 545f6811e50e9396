using System.Diagnostics;
using System.Globalization;
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
    /// <summary>"High water mark" of the resident set, in KiB.</summary>
    private const string PeakLine = "VmHWM:";

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
        Host = Math.Max(Host, HostPeak());
        if (gpu?.MemoryInUse is { } used) Device = Math.Max(Device ?? 0, used);
    }

    private static long HostPeak()
    {
        // Process reads the state of every thread before it tells of memory; the kernel's own line is one small file.
        if (OperatingSystem.IsLinux())
        {
            foreach (string line in File.ReadLines("/proc/self/status"))
            {
                if (!line.StartsWith(PeakLine, StringComparison.Ordinal)) continue;
                ReadOnlySpan<char> number = line.AsSpan()[PeakLine.Length..^" kB".Length];
                return long.Parse(number, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) << 10;
            }
        }

        using var process = Process.GetCurrentProcess();
        return Math.Max(process.PeakWorkingSet64, Environment.WorkingSet);
    }
}
