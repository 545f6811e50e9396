using System.Runtime.InteropServices;
using LongContext.Training.Monitoring;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Monitoring;

/// <summary>The whole process's memory, so nothing may run beside.</summary>
[Collection(ProcessListening.Name)]
public sealed class MemoryPeaksTests
{
    [Fact]
    public void Update_MemoryThatWasGivenBack_StaysInThePeak()
    {
        const int bytes = 256 << 20;
        var peaks = new MemoryPeaks(CPU);
        peaks.Update();
        // Above whatever peak other tests have left behind.
        nuint size = (nuint)(bytes + Math.Max(0, peaks.Host - Environment.WorkingSet));
        nint block = Marshal.AllocHGlobal((nint)size);
        for (nuint at = 0; at < size; at += 1024) Marshal.WriteByte(block + (nint)at, 1);
        Marshal.FreeHGlobal(block);
        long before = peaks.Host, now = Environment.WorkingSet;
        peaks.Update();
        Assert.InRange(peaks.Host, before + (bytes / 2), before + (2L * bytes));
        Assert.True(now < before + (bytes / 4), "the memory was not given back: the test shows little");
        Assert.Null(peaks.Device);
        Assert.Null(peaks.DeviceName);
    }
}
