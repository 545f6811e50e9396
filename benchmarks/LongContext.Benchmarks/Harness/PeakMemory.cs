using System.Globalization;

namespace LongContext.Benchmarks.Harness;

/// <summary>The process's resident memory as Linux counts it, with a peak that can be set back.</summary>
internal static class PeakMemory
{
    public static bool IsMeasurable => OperatingSystem.IsLinux() && File.Exists("/proc/self/clear_refs");

    /// <summary>Bytes resident now.</summary>
    public static long Current => Field("VmRSS:");

    /// <summary>Most bytes resident since <see cref="Reset"/>.</summary>
    public static long Peak => Field("VmHWM:");

    /// <summary>Sets the peak to what is resident now ("5" in the kernel's documentation of clear_refs).</summary>
    public static void Reset() => File.WriteAllText("/proc/self/clear_refs", "5");

    private static long Field(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}
