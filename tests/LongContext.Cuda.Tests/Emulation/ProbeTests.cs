using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>The committed probe kernel through the library's own launching code.</summary>
public sealed class ProbeTests
{
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameters
    {
        public nint X;
        public nint Y;
        public float A;
        public int Count;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void Probe_AnySchedule_AddsScaledNumbers(int seed, int threads)
    {
        using var driver = new EmulatedDriver(new EmulationOptions { Seed = seed, Threads = threads });
        var context = new CudaContext(driver, 0);
        CudaFunction kernel = context.GetKernel("sm_80/probe", "probe_axpy");
        const int count = 1000;
        float[] x = [.. Enumerable.Range(0, count).Select(i => i * 0.5f)], y = [.. Enumerable.Range(0, count).Select(i => (float)-i)];
        using var xs = new CudaBuffer(context, count * 4);
        using var ys = new CudaBuffer(context, count * 4);
        xs.Upload<float>(x);
        ys.Upload<float>(y);
        kernel.Launch(new LaunchShape(3, 1, 1, 96, 0), 0, new Parameters { X = xs.Address, Y = ys.Address, A = 3, Count = count });
        float[] result = ys.Download<float>(count);
        for (int i = 0; i < count; i++)
            Assert.Equal((3 * x[i]) + y[i], result[i]);
        Assert.Equal(count * 4 * 2, driver.LastLaunch!.LoadBytes);
    }

    [Fact]
    public void Probe_CountBeyondTheBuffer_IsOutOfBounds()
    {
        using var driver = new EmulatedDriver();
        var context = new CudaContext(driver, 0);
        using var xs = new CudaBuffer(context, 400);
        xs.Fill(0);
        CudaFunction kernel = context.GetKernel("sm_80/probe", "probe_axpy");
        var fault = Assert.Throws<EmulationException>(() => kernel.Launch(new LaunchShape(1, 1, 1, 128, 0), 0, new Parameters { X = xs.Address, Y = xs.Address, A = 3, Count = 101 }));
        Assert.Equal(EmulationFault.OutOfBounds, fault.Fault);
        Assert.Contains("thread 100", fault.Message, StringComparison.Ordinal);
    }
}
