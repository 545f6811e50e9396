using LongContext.Generation.Scheduling;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Scheduling;

public sealed class MachineMemoryTests
{
    private const long Kilobyte = 1024, Megabyte = 1 << 20;

    [Fact]
    public void Now_ThisMachine_HasSomeAndIsFresh()
    {
        MachineMemory memory = MachineMemory.Now();
        Assert.True(memory.Total > 0 && memory.Left >= 0 && memory.Left < memory.Total, $"{memory}");
    }

    [Fact]
    public void OfLinux_NoLimits_IsTheMachines()
    {
        using TemporaryFolder root = Machine("0::/user.slice");
        Write(root, "sys/fs/cgroup/user.slice/memory.max", "max\n");
        Assert.Equal(new MachineMemory(8_000 * Kilobyte * 1000, 5_000 * Kilobyte * 1000), MachineMemory.OfLinux(root.Path));
    }

    [Fact]
    public void OfLinux_GroupsOfVersion2_TheNarrowestCountsAndCachedFilesAreLeft()
    {
        using TemporaryFolder root = Machine("0::/outer/inner");
        Write(root, "sys/fs/cgroup/outer/inner/memory.max", $"{900 * Megabyte}\n");
        Write(root, "sys/fs/cgroup/outer/inner/memory.current", $"{400 * Megabyte}\n");
        Write(root, "sys/fs/cgroup/outer/inner/memory.stat", $"anon 1\ninactive_file {100 * Megabyte}\nactive_file 7\n");
        Assert.Equal(new MachineMemory(900 * Megabyte, 600 * Megabyte), MachineMemory.OfLinux(root.Path));
        // What others in the group around it use is gone too.
        Write(root, "sys/fs/cgroup/outer/memory.max", $"{1000 * Megabyte}\n");
        Write(root, "sys/fs/cgroup/outer/memory.current", $"{950 * Megabyte}\n");
        Assert.Equal(new MachineMemory(900 * Megabyte, 50 * Megabyte), MachineMemory.OfLinux(root.Path));
    }

    [Fact]
    public void OfLinux_ContainerOfVersion1_SeesItsGroupAsTheRoot()
    {
        using TemporaryFolder root = Machine("4:cpu:/docker/1f\n9:memory,other:/docker/1f\n0::/");
        Write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", $"{2_000 * Megabyte}\n");
        Write(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", $"{500 * Megabyte}\n");
        Write(root, "sys/fs/cgroup/memory/memory.stat", $"inactive_file 5\ntotal_inactive_file {20 * Megabyte}\n");
        Assert.Equal(new MachineMemory(2_000 * Megabyte, 1_520 * Megabyte), MachineMemory.OfLinux(root.Path));
    }

    [Fact]
    public void OfLinux_NotToBeRead_IsNull()
    {
        using TemporaryFolder root = TestPaths.NewTemporaryFolder();
        Assert.Null(MachineMemory.OfLinux(root.Path));
        Write(root, "proc/meminfo", "MemTotal: many kB\n");
        Assert.Null(MachineMemory.OfLinux(root.Path));
    }

    private static TemporaryFolder Machine(string groups)
    {
        TemporaryFolder root = TestPaths.NewTemporaryFolder();
        Write(root, "proc/meminfo", "MemTotal:        8000000 kB\nMemFree:          100 kB\nMemAvailable:    5000000 kB\n");
        Write(root, "proc/self/cgroup", groups + "\n");
        return root;
    }

    private static void Write(TemporaryFolder root, string path, string text)
    {
        string file = root[path];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
