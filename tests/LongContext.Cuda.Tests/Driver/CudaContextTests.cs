using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>The wrappers over a driver that runs nothing: every status is checked, every handle goes back, a launch allocates nothing.</summary>
public sealed class CudaContextTests
{
    private readonly ScriptedDriver driver = new();

    private static CudaFunction Probe(CudaContext context) => context.GetKernel("sm_80/probe", "probe_axpy");

    [Fact]
    public void Constructor_OverADriver_ReadsTheArchitecture()
    {
        using var context = new CudaContext(driver, 0);
        Assert.Equal(116, context.Architecture.MultiprocessorCount);
        Assert.Equal(new Version(175, 176), context.Architecture.ComputeCapability);
        Assert.Equal((181, 197, 182), (context.Architecture.SharedBytesPerMultiprocessor, context.Architecture.SharedBytesPerBlock, context.Architecture.RegistersPerMultiprocessor));
        Assert.Equal("Init", driver.Calls[0]);
    }

    [Theory]
    [InlineData("Init", "cuInit(0)")]
    [InlineData("DeviceGet", "cuDeviceGet(0)")]
    [InlineData("PrimaryContextRetain", "cuDevicePrimaryCtxRetain(0)")]
    [InlineData("DeviceGetAttribute", "cuDeviceGetAttribute")]
    [InlineData("ModuleLoadData", "cuModuleLoadDataEx(sm_80/probe)")]
    [InlineData("ModuleGetFunction", "cuModuleGetFunction(probe_axpy)")]
    [InlineData("FunctionSetAttribute", "MAX_DYNAMIC_SHARED_SIZE_BYTES, 65536")]
    [InlineData("LaunchKernel", "cuLaunchKernel(sm_80/probe:probe_axpy")]
    [InlineData("FunctionGetAttribute", "cuFuncGetAttribute(sm_80/probe:probe_axpy")]
    [InlineData("StreamSynchronize", "cuStreamSynchronize")]
    [InlineData("MemoryAllocate", "cuMemAlloc(64 bytes)")]
    [InlineData("MemoryCopyToDevice", "cuMemcpyHtoDAsync")]
    [InlineData("MemoryCopyToHost", "cuMemcpyDtoHAsync")]
    [InlineData("MemorySet", "cuMemsetD8Async")]
    [InlineData("EventCreate", "cuEventCreate")]
    [InlineData("EventRecord", "cuEventRecord")]
    [InlineData("EventSynchronize", "cuEventSynchronize")]
    [InlineData("EventElapsedTime", "cuEventElapsedTime")]
    [InlineData("ContextGetCurrent", "cuCtxGetCurrent")]
    [InlineData("ContextSetCurrent", "cuCtxSetCurrent")]
    public void AnyCall_ThatFails_ThrowsWithItsText(string call, string text)
    {
        driver.Failing.Add(call);
        CudaException e = Assert.Throws<CudaException>(CallAll);
        Assert.StartsWith("cu", e.Message, StringComparison.Ordinal);
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
        Assert.Contains("failed with CUDA_ERROR_INVALID_VALUE (1): invalid argument.", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, e.Status);
        if (call == "ModuleLoadData") Assert.EndsWith("ptxas fatal: line 7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllCalls_WhenNoneFails_GiveEveryHandleBack()
    {
        CallAll();
        nint retained = Assert.Single(driver.Live); // the primary context, which is released and not destroyed
        Assert.NotEqual(0, retained);
        Assert.Contains("PrimaryContextRelease", driver.Calls);
    }

    private void CallAll()
    {
        using var context = new CudaContext(driver, 0);
        CudaFunction probe = Probe(context);
        _ = probe.Registers;
        probe.Launch(new LaunchShape(1, 1, 1, 32, 64 << 10), 0, 5);
        using var buffer = new CudaBuffer(context, 64);
        buffer.Fill(3);
        buffer.Upload<int>([1, 2]);
        _ = buffer.Download<int>(2);
        using var start = new CudaEvent(context);
        using var end = new CudaEvent(context);
        start.Record();
        end.Record();
        Assert.Equal(1.5f, start.MillisecondsTo(end));
        context.Synchronize();
    }

    [Fact]
    public void Launch_WithParameters_PassesShapeAndBytes()
    {
        using var context = new CudaContext(driver, 0);
        Probe(context).Launch(new LaunchShape(3, 4, 5, 96, 1024), 0, (1, 2, 3, 4));
        Assert.Contains("LaunchKernel 3x4x5 96x1x1 1024", driver.Calls);
        Assert.Equal([1, 2, 3, 4], driver.LastParameter);
    }

    [Fact]
    public void Launch_OfAnEmptyGrid_CallsNothing()
    {
        using var context = new CudaContext(driver, 0);
        CudaFunction probe = Probe(context);
        int calls = driver.Calls.Count;
        probe.Launch(new LaunchShape(0, 32), 0, 1);
        Assert.Equal(calls, driver.Calls.Count);
    }

    [Fact]
    public void Launch_InSteadyState_AllocatesNothing()
    {
        using var context = new CudaContext(driver, 0);
        var shape = new LaunchShape(1, 1, 1, 32, 100 << 10);
        CudaFunction probe = Probe(context);
        driver.Notes = false;
        Repeat();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Repeat()
        {
            for (int i = 0; i < 1000; i++) probe.Launch(shape, 0, (1L, 2L, 3L, 4L));
        }
    }

    [Fact]
    public void Launch_BeyondTheUnaskedSharedMemory_RaisesTheLimitOnce()
    {
        using var context = new CudaContext(driver, 0);
        CudaFunction probe = Probe(context);
        int unasked = (48 << 10) - probe.StaticSharedBytes; // static and dynamic memory share what needs no asking
        foreach (int bytes in new[] { 1024, unasked, unasked + 1, 64 << 10, 64 << 10, 50 << 10, 96 << 10 }) probe.Launch(new LaunchShape(1, 1, 1, 32, bytes), 0, 0);
        Assert.Equal([$"FunctionSetAttribute 8={unasked + 1}", "FunctionSetAttribute 9=100", "FunctionSetAttribute 8=65536", "FunctionSetAttribute 8=98304"], driver.Calls.Where(call => call.StartsWith("FunctionSetAttribute", StringComparison.Ordinal)));
    }

    [Fact]
    public void GetKernel_AskedTwice_LoadsOnce()
    {
        using var context = new CudaContext(driver, 0);
        Assert.Same(Probe(context), Probe(context));
        Assert.Single(driver.Calls, "ModuleLoadData");
    }

    [Fact]
    public void GetKernel_UnknownModule_NamesIt()
    {
        using var context = new CudaContext(driver, 0);
        Assert.Contains("sm_80/none", Assert.Throws<ArgumentException>(() => context.GetKernel("sm_80/none", "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnotherContext_ThatWasCurrent_IsCurrentAgain()
    {
        using var context = new CudaContext(driver, 0);
        driver.ContextSetCurrent(77);
        Probe(context).Launch(new LaunchShape(1, 32), 0, 0);
        driver.ContextGetCurrent(out nint current);
        Assert.Equal(77, current);
    }

    [Fact]
    public void Dispose_BeforeItsBuffer_KeepsThePrimaryContextUntilThatIsFreed()
    {
        using var context = new CudaContext(driver, 0);
        using var buffer = new CudaBuffer(context, 8);
        context.Dispose();
        Assert.DoesNotContain("PrimaryContextRelease", driver.Calls);
        buffer.Dispose();
        Assert.Equal("PrimaryContextRelease", driver.Calls[^1]);
        Assert.Contains("MemoryFree", driver.Calls);
    }

    [Fact]
    public void Dispose_OfABufferWhenTheDriverFails_DoesNotThrow()
    {
        using var context = new CudaContext(driver, 0);
        using var buffer = new CudaBuffer(context, 8);
        driver.Failing.Add("ContextGetCurrent");
        buffer.Dispose();
        driver.Failing.Clear();
        Assert.True(buffer.IsClosed);
    }

    [Fact]
    public void Launch_AfterDispose_IsRefused()
    {
        using var context = new CudaContext(driver, 0);
        CudaFunction probe = Probe(context);
        context.Dispose();
        Assert.Throws<ObjectDisposedException>(() => probe.Launch(new LaunchShape(1, 32), 0, 0));
        Assert.Throws<ObjectDisposedException>(() => context.Synchronize());
    }

    [Fact]
    public void Buffer_TooSmall_IsRefused()
    {
        using var context = new CudaContext(driver, 0);
        using var buffer = new CudaBuffer(context, 8);
        Assert.Throws<ArgumentException>(() => buffer.Upload<int>([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => buffer.Download<long>(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CudaBuffer(context, 0));
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Address);
    }
}
