using System.Globalization;

namespace LongContext.Generation.Scheduling;

/// <summary>Memory of the machine, or of the container that the process may use of it, in bytes.</summary>
/// <param name="Total">All that there is.</param>
/// <param name="Left">What nobody uses now; what the system's file cache would give up counts as left.</param>
/// <remarks>
/// Keys and values are no part of the managed heap, whose limit (three quarters of a container's by default) is what <see cref="GC.GetGCMemoryInfo()"/> tells, and whose figures are as old as the last
/// collection. On Linux the system itself is asked: /proc/meminfo, and the memory limits of the control groups that the process is in, versions 1 and 2 (Linux kernel, cgroup-v2, "Memory").
/// </remarks>
internal readonly record struct MachineMemory(long Total, long Left)
{
    /// <summary>As it is now.</summary>
    public static MachineMemory Now() => (OperatingSystem.IsLinux() ? OfLinux("/") : null) ?? OfRuntime();

    /// <summary>What Linux tells; null where it does not.</summary>
    /// <param name="root">The root folder, for tests.</param>
    public static MachineMemory? OfLinux(string root)
    {
        try
        {
            string[] lines = File.ReadAllLines(Path.Combine(root, "proc/meminfo"));
            if (Kilobytes(lines, "MemTotal:") is not { } total || Kilobytes(lines, "MemAvailable:") is not { } left) return null;
            var memory = new MachineMemory(total, left);
            string groups = Path.Combine(root, "proc/self/cgroup");
            foreach (string line in File.Exists(groups) ? File.ReadAllLines(groups) : [])
            {
                // hierarchy:controllers:path
                string[] parts = line.Split(':', 3);
                if (parts.Length < 3) continue;
                if (parts[1].Length == 0) memory = memory.Within(Path.Combine(root, "sys/fs/cgroup"), parts[2], "memory.max", "memory.current", "inactive_file ");
                else if (parts[1].Split(',').Contains("memory", StringComparer.Ordinal))
                    memory = memory.Within(Path.Combine(root, "sys/fs/cgroup/memory"), parts[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ");
            }

            return memory;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static MachineMemory OfRuntime()
    {
        GCMemoryInfo machine = GC.GetGCMemoryInfo();
        // Before the first collection the load is not known; the process itself is the least of it.
        return new MachineMemory(machine.TotalAvailableMemoryBytes, Math.Max(0, machine.TotalAvailableMemoryBytes - Math.Max(machine.MemoryLoadBytes, Environment.WorkingSet)));
    }

    /// <summary>Narrowed by a group's limit and by those of the groups around it. A container sees its own as the root.</summary>
    private MachineMemory Within(string folder, string path, string limitFile, string usageFile, string reclaimable)
    {
        MachineMemory memory = this;
        string name = path.Trim('/');
        while (true)
        {
            string group = Path.Combine(folder, name);
            if (Number(Path.Combine(group, limitFile)) is { } limit)
            {
                long used = (Number(Path.Combine(group, usageFile)) ?? 0) - Reclaimable(Path.Combine(group, "memory.stat"), reclaimable);
                memory = new MachineMemory(Math.Min(memory.Total, limit), Math.Clamp(limit - used, 0, memory.Left));
            }

            if (name.Length == 0) return memory;
            name = Path.GetDirectoryName(name) ?? string.Empty;
        }
    }

    private static long Reclaimable(string statistics, string name) =>
        File.Exists(statistics) && File.ReadLines(statistics).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
        && long.TryParse(line.AsSpan(name.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes) ? bytes : 0;

    /// <summary>The number in a file; null where there is none, or "max".</summary>
    private static long? Number(string file) =>
        File.Exists(file) && long.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static long? Kilobytes(string[] lines, string name) =>
        Array.Find(lines, line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
        && long.TryParse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number * 1024 : null;
}
