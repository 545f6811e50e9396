using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>Streams, graphs and pinned memory, over the emulator and over a driver that fails when told to.</summary>
public sealed class CudaGraphTests
{
    [Fact]
    public void Capture_OfLaunchesAndCopies_RunsThemWithWhatLiesThereThen()
    {
        using var driver = new EmulatedDriver();
        using var context = new CudaContext(driver, 0);
        using (var stream = new CudaStream(context))
        using (var inputs = new PinnedBuffer(context, 4 * sizeof(float)))
        using (var results = new PinnedBuffer(context, 4 * sizeof(float)))
        using (var x = new CudaBuffer(context, 4 * sizeof(float)))
        using (var y = new CudaBuffer(context, 4 * sizeof(float)))
        {
            y.Upload<float>([1, 2, 3, 4]);
            CudaFunction probe = context.GetKernel("sm_80/probe", "probe_axpy");
            int calls = 0;
            using CudaGraph graph = stream.Capture(0, (_, handle) =>
            {
                calls++;
                inputs.CopyTo(x.Address, inputs.Bytes, handle);
                probe.Launch(new LaunchShape(1, 32), handle, new ProbeParameters(x.Address, y.Address, 2, 4));
                results.CopyFrom(y.Address, results.Bytes, handle);
            });
            Assert.Equal([1f, 2, 3, 4], y.Download<float>(4));
            foreach (float value in new[] { 10f, 100f })
            {
                Floats(inputs).Fill(value);
                graph.Launch(stream.Handle);
                stream.Synchronize();
            }

            Assert.Equal([221f, 222, 223, 224], Floats(results).ToArray());
            Assert.Equal((1, 2), (calls, driver.GraphLaunches));
        }

        Assert.Equal(0, driver.LiveHandles);
    }

    [Fact]
    public void Launch_OfAGraph_AllocatesNothing()
    {
        var driver = new ScriptedDriver();
        using var context = new CudaContext(driver, 0);
        using var stream = new CudaStream(context);
        using CudaGraph graph = stream.Capture(0, static (_, _) => { });
        driver.Notes = false;
        for (int i = 0; i < 10; i++) graph.Launch(stream.Handle);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            graph.Launch(stream.Handle);
            stream.Synchronize();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Capture_ThatThrows_EndsAndLeavesTheStreamUsable()
    {
        using var driver = new EmulatedDriver();
        using var context = new CudaContext(driver, 0);
        using var stream = new CudaStream(context);
        using var x = new CudaBuffer(context, 16);
        Assert.Throws<MadeException>(() => stream.Capture(0, (_, _) => throw new MadeException()));
        // What a graph cannot hold is refused while it is captured: a wait, and a copy from memory that may move.
        Assert.Contains("STREAM_CAPTURE_UNSUPPORTED", Assert.Throws<CudaException>(() => stream.Capture(0, (_, _) => stream.Synchronize())).Message, StringComparison.Ordinal);
        stream.Synchronize();
        stream.Capture(0, static (_, _) => { }).Dispose();
        Assert.Equal(1, driver.LiveHandles);
    }

    [Theory]
    [InlineData("StreamBeginCapture", "cuStreamBeginCapture")]
    [InlineData("StreamEndCapture", "cuStreamEndCapture")]
    [InlineData("GraphInstantiate", "cuGraphInstantiateWithFlags")]
    public void Capture_RefusedByTheDriver_ThrowsAndKeepsNothing(string call, string named)
    {
        var driver = new ScriptedDriver();
        using var context = new CudaContext(driver, 0);
        using var stream = new CudaStream(context);
        int live = driver.Live.Count;
        driver.Failing.Add(call);
        driver.Failing.Add($"{call} 1");
        Assert.Contains(named, Assert.Throws<CudaException>(() => stream.Capture(0, static (_, _) => { })).Message, StringComparison.Ordinal);
        Assert.Equal(live, driver.Live.Count);
    }

    [Fact]
    public void Handles_Disposed_AreGivenBackOnceAndRefuseCalls()
    {
        var driver = new ScriptedDriver();
        CudaStream stream;
        CudaGraph graph;
        PinnedBuffer pinned;
        using (var context = new CudaContext(driver, 0))
        {
            stream = new CudaStream(context);
            graph = stream.Capture(0, static (_, _) => { });
            pinned = new PinnedBuffer(context, 8);
            Assert.Throws<ArgumentOutOfRangeException>(() => pinned.CopyTo(64, 9, 0));
            driver.Failing.Add("GraphLaunch");
            Assert.Contains("cuGraphLaunch", Assert.Throws<CudaException>(() => graph.Launch(stream.Handle)).Message, StringComparison.Ordinal);
        }

        foreach (IDisposable each in new IDisposable[] { graph, stream, pinned, graph }) each.Dispose();
        Assert.Throws<ObjectDisposedException>(() => graph.Launch(0));
        Assert.Throws<ObjectDisposedException>(() => stream.Handle);
        Assert.Throws<ObjectDisposedException>(() => pinned.Address);
        Assert.Empty(driver.Live.Except([.. driver.Live.Take(1)])); // the context itself, which the fake does not take back by handle
    }

    private static unsafe Span<float> Floats(PinnedBuffer buffer) => new((void*)buffer.Address, (int)(buffer.Bytes / sizeof(float)));

    private sealed class MadeException : Exception;

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ProbeParameters(nint X, nint Y, float A, int N);
}
