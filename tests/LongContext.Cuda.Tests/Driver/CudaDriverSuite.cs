using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>A driver on a GPU: what is loaded runs, what goes wrong is told in the driver's words. Without a GPU all is skipped, with the reason.</summary>
/// <typeparam name="TDriver">The driver.</typeparam>
public abstract class CudaDriverSuite<TDriver> : IDisposable
    where TDriver : ICudaDriver
{
    private CudaContext? context;

    private CudaContext Context
    {
        get
        {
            Assert.SkipUnless(CudaDevice.IsAvailable, "no GPU: " + CudaDevice.UnavailableReason);
            return context ??= new CudaContext(Driver, 0);
        }
    }

    private static ICudaDriver Driver => RealDrivers.Of(typeof(TDriver));

    public void Dispose()
    {
        context?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Init_CalledAgain_Succeeds()
    {
        _ = Context;
        Assert.Equal(0, Driver.Init(0));
    }

    [Fact]
    public void DeviceGetCount_OfThisMachine_IsThatOfCudaDevice()
    {
        _ = Context;
        Assert.Equal(0, Driver.DeviceGetCount(out int count));
        Assert.Equal(CudaDevice.Count, count);
    }

    [Fact]
    public void Architecture_OfTheFirstGpu_IsThatOfCudaDevice()
    {
        GpuArchitecture found = Context.Architecture;
        CudaDevice device = CudaDevice.Get(0);
        Assert.Equal(device.ComputeCapability, found.ComputeCapability);
        Assert.Equal(device.MultiprocessorCount, found.MultiprocessorCount);
        Assert.InRange(found.SharedBytesPerBlock, 48 << 10, found.SharedBytesPerMultiprocessor);
    }

    [Fact]
    public void PrimaryContext_OfTheFirstGpu_IsThatOfOtherDrivers()
    {
        _ = Context;
        Assert.Equal(0, Driver.DeviceGet(out int device, 0));
        Assert.Equal(0, Driver.PrimaryContextRetain(out nint own, device));
        Assert.Equal(0, NativeCudaDriver.Instance.PrimaryContextRetain(out nint native, device));
        Assert.Equal(native, own);
        Assert.Equal(0, NativeCudaDriver.Instance.PrimaryContextRelease(device));
        Assert.Equal(0, Driver.PrimaryContextRelease(device));
    }

    [Fact]
    public void Launch_OfTheProbe_ComputesItsSums()
    {
        const int n = 1000;
        using var x = new CudaBuffer(Context, n * sizeof(float));
        using var y = new CudaBuffer(Context, (n + 1) * sizeof(float));
        y.Fill(0x7F); // 3.39E38 where nothing is written
        x.Upload<float>([.. Enumerable.Range(0, n).Select(i => i)]);
        y.Upload<float>([.. Enumerable.Range(0, n).Select(i => 2f * i)]);
        Probe().Launch(new LaunchShape(3, 128), 0, new ProbeParameters(x.Address, y.Address, 0.5f, n));
        float[] sums = y.Download<float>(n + 1);
        Assert.Equal(Enumerable.Range(0, n).Select(i => 2.5f * i), sums[..n]);
        Assert.Equal(0x7F7F7F7F, BitConverter.SingleToInt32Bits(sums[n]));
    }

    [Fact]
    public void Launch_WithMoreSharedMemoryThanUnasked_Runs()
    {
        using var y = new CudaBuffer(Context, sizeof(float));
        y.Upload<float>([1]);
        Probe().Launch(new LaunchShape(1, 1, 1, 32, Context.Architecture.SharedBytesPerBlock), 0, new ProbeParameters(y.Address, y.Address, 2, 1));
        Assert.Equal([3f], y.Download<float>(1));
    }

    [Fact]
    public void Launch_InSteadyState_AllocatesNothing()
    {
        CudaFunction probe = Probe();
        var shape = new LaunchShape(1, 32);
        Repeat();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Context.Synchronize();

        void Repeat()
        {
            for (int i = 0; i < 100; i++) probe.Launch(shape, 0, default(ProbeParameters));
        }
    }

    [Fact]
    public void Attributes_OfTheProbe_AreThoseOfASmallKernel()
    {
        CudaFunction probe = Probe();
        Assert.InRange(probe.Registers, 4, 64);
        Assert.Equal((0, 0), (probe.LocalBytes, probe.StaticSharedBytes));
    }

    [Fact]
    public void Events_AroundLaunches_TakeTheTime()
    {
        using var start = new CudaEvent(Context);
        using var end = new CudaEvent(Context);
        start.Record();
        for (int i = 0; i < 100; i++) Probe().Launch(new LaunchShape(1, 32), 0, default(ProbeParameters));
        end.Record();
        float milliseconds = start.MillisecondsTo(end);
        Assert.True(float.IsFinite(milliseconds) && milliseconds > 0, $"{milliseconds} ms");
        Assert.Equal(0, start.MillisecondsTo(start));
    }

    [Fact]
    public unsafe void Graph_OfACopyAndLaunches_RunsThemWithWhatLiesThereThen()
    {
        using var stream = new CudaStream(Context);
        using var inputs = new PinnedBuffer(Context, sizeof(float));
        using var results = new PinnedBuffer(Context, sizeof(float));
        using var x = new CudaBuffer(Context, sizeof(float));
        using var y = new CudaBuffer(Context, sizeof(float));
        y.Upload<float>([1]);
        CudaFunction probe = Probe();
        probe.Launch(new LaunchShape(1, 32), 0, new ProbeParameters(x.Address, x.Address, 0, 0)); // loads it
        Context.Synchronize();
        using CudaGraph graph = stream.Capture(0, (_, handle) =>
        {
            inputs.CopyTo(x.Address, sizeof(float), handle);
            for (int i = 0; i < 10; i++) probe.Launch(new LaunchShape(1, 32), handle, new ProbeParameters(x.Address, y.Address, 2, 1));
            results.CopyFrom(y.Address, sizeof(float), handle);
        });
        foreach (float value in new[] { 1f, 100f })
        {
            *(float*)inputs.Address = value;
            graph.Launch(stream.Handle);
            stream.Synchronize();
        }

        Assert.Equal(2021, *(float*)results.Address);
    }

    [Fact]
    public unsafe void Arena_OfChunks_HoldsWhatLaunchesWriteAcrossThem()
    {
        using var arena = new CudaArena(Context, 8L << 20, 2 << 20);
        arena.Map(0);
        arena.Map(1);
        nint place = arena.Address + (nint)arena.ChunkBytes - 8;
        float* values = stackalloc float[] { 1, 2, 3, 4 }, back = stackalloc float[4];
        Assert.Equal(0, Driver.MemoryCopyToDevice(place, values, 16, 0));
        Probe().Launch(new LaunchShape(1, 32), 0, new ProbeParameters(place, place, 1, 4));
        Assert.Equal(0, Driver.MemoryCopyToHost(back, place, 16, 0));
        Context.Synchronize();
        Assert.Equal([2f, 4, 6, 8], new ReadOnlySpan<float>(back, 4).ToArray());
        arena.Unmap(0);
        arena.Map(0);
        Assert.Equal(0, Driver.MemoryCopyOnDevice(arena.Address, place + 8, 8, 0));
        Context.Synchronize();
    }

    [Fact]
    public void TensorMapEncodeTiled_OfAMatrix_FillsTheMap()
    {
        Assert.SkipUnless(Context.Architecture.ComputeCapability.Major >= 9, "tensor maps begin with compute capability 9.0");
        using var matrix = new CudaBuffer(Context, 64 * 64 * sizeof(float));
        byte[] map = Encode(matrix.Address, boxWidth: 32);
        Assert.NotEqual(new byte[128], map);
        Assert.NotEqual(map, Encode(matrix.Address, boxWidth: 16));
    }

    [Fact]
    public void Context_OfAMissingGpu_IsRefusedInTheDriversWords()
    {
        _ = Context;
        Refused("cuDeviceGet(10000) failed with CUDA_ERROR_INVALID_DEVICE (101): invalid device ordinal", () => new CudaContext(Driver, 10_000));
    }

    [Fact]
    public void Load_OfBadPtx_IsRefusedInTheAssemblersWords()
    {
        string message = Refused(
            "cuModuleLoadDataEx(bad) failed with CUDA_ERROR_INVALID_PTX (218)",
            () => Context.Load("bad", ".version 7.4\n.target sm_80\n.address_size 64\n.visible .entry bad() { nonsense; }\n\0"u8, "bad"));
        Assert.Contains("ptxas", message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetKernel_WithoutSuchAnEntry_IsRefused() =>
        Refused("cuModuleGetFunction(none) failed with CUDA_ERROR_NOT_FOUND (500)", () => Context.GetKernel("sm_80/probe", "none"));

    [Fact]
    public void Buffer_LargerThanAnyGpu_IsRefused() =>
        Refused("failed with CUDA_ERROR_OUT_OF_MEMORY (2): out of memory", () => new CudaBuffer(Context, 1L << 50));

    [Fact]
    public void Launch_OfTooManyThreads_IsRefused() =>
        Refused("failed with CUDA_ERROR_INVALID_VALUE (1): invalid argument", () => Probe().Launch(new LaunchShape(1, 2048), 0, default(ProbeParameters)));

    private static string Refused(string text, Action call)
    {
        string message = Assert.Throws<CudaException>(call).Message;
        Assert.Contains(text, message, StringComparison.Ordinal);
        return message;
    }

    private static string Refused(string text, Func<object> call) => Refused(text, () => { _ = call(); });

    private static unsafe byte[] Encode(nint address, uint boxWidth)
    {
        const int float32 = 7; // CU_TENSOR_MAP_DATA_TYPE_FLOAT32
        const int size = 64;
        void* map = NativeMemory.AlignedAlloc(128, 64);
        try
        {
            new Span<byte>(map, 128).Clear();
            ulong* sizes = stackalloc ulong[] { size, size }, strides = stackalloc ulong[] { size * sizeof(float) };
            uint* box = stackalloc uint[] { boxWidth, 8 }, steps = stackalloc uint[] { 1, 1 };
            Assert.Equal(0, Driver.TensorMapEncodeTiled(map, float32, 2, address, sizes, strides, box, steps, 0, 0, 0, 0));
            return new ReadOnlySpan<byte>(map, 128).ToArray();
        }
        finally
        {
            NativeMemory.AlignedFree(map);
        }
    }

    private CudaFunction Probe() => Context.GetKernel("sm_80/probe", "probe_axpy");

    /// <summary>As probe.cu declares it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct ProbeParameters(nint X, nint Y, float A, int N);
}
