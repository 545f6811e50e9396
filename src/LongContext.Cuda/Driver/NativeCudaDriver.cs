namespace LongContext.Cuda.Driver;

/// <summary>The driver that NVIDIA installs (libcuda.so.1, nvcuda.dll), loaded when first called. Ask <see cref="CudaDevice.IsAvailable"/> before.</summary>
public sealed unsafe class NativeCudaDriver : ICudaDriver
{
    // CUjit_option: where the assembler's errors and information go, and how many bytes that has; whether it says all it knows.
    private const int JitInfoLogBuffer = 3;
    private const int JitInfoLogBufferBytes = 4;
    private const int JitErrorLogBuffer = 5;
    private const int JitErrorLogBufferBytes = 6;
    private const int JitLogVerbose = 12;

    private NativeCudaDriver()
    {
    }

    /// <summary>The one instance.</summary>
    public static NativeCudaDriver Instance { get; } = new();

    /// <inheritdoc />
    public string Name => "libcuda";

    /// <inheritdoc />
    public int Init(uint flags) => NativeMethods.Init(flags);

    /// <inheritdoc />
    public int DeviceGetCount(out int count) => NativeMethods.DeviceGetCount(out count);

    /// <inheritdoc />
    public int DeviceGet(out int device, int ordinal) => NativeMethods.DeviceGet(out device, ordinal);

    /// <inheritdoc />
    public int DeviceGetAttribute(out int value, int attribute, int device) => NativeMethods.DeviceGetAttribute(out value, attribute, device);

    /// <inheritdoc />
    public int PrimaryContextRetain(out nint context, int device) => NativeMethods.PrimaryContextRetain(out context, device);

    /// <inheritdoc />
    public int PrimaryContextRelease(int device) => NativeMethods.PrimaryContextRelease(device);

    /// <inheritdoc />
    public int ContextGetCurrent(out nint context) => NativeMethods.ContextGetCurrent(out context);

    /// <inheritdoc />
    public int ContextSetCurrent(nint context) => NativeMethods.ContextSetCurrent(context);

    /// <inheritdoc />
    public int ModuleLoadData(out nint module, byte* image, byte* log, int logBytes)
    {
        int* options = stackalloc int[] { JitErrorLogBuffer, JitErrorLogBufferBytes };
        void** values = stackalloc void*[] { log, (void*)logBytes };
        return NativeMethods.ModuleLoadData(out module, image, log is null ? 0u : 2u, options, values);
    }

    /// <summary>As <see cref="ModuleLoadData"/>, with the assembler's information in the log: registers and spills of each kernel, and what it left out, as setmaxnreg.</summary>
    internal int ModuleLoadVerbose(out nint module, byte* image, byte* log, int logBytes)
    {
        int* options = stackalloc int[] { JitInfoLogBuffer, JitInfoLogBufferBytes, JitLogVerbose };
        void** values = stackalloc void*[] { log, (void*)logBytes, (void*)1 };
        return NativeMethods.ModuleLoadData(out module, image, 3, options, values);
    }

    /// <inheritdoc />
    public int ModuleUnload(nint module) => NativeMethods.ModuleUnload(module);

    /// <inheritdoc />
    public int ModuleGetFunction(out nint function, nint module, string name) => NativeMethods.ModuleGetFunction(out function, module, name);

    /// <inheritdoc />
    public int FunctionGetAttribute(out int value, int attribute, nint function) => NativeMethods.FunctionGetAttribute(out value, attribute, function);

    /// <inheritdoc />
    public int FunctionSetAttribute(nint function, int attribute, int value) => NativeMethods.FunctionSetAttribute(function, attribute, value);

    /// <inheritdoc />
    public int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra) =>
        NativeMethods.LaunchKernel(function, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, stream, parameters, extra);

    /// <inheritdoc />
    public int MemoryAllocate(out nint address, nuint bytes) => NativeMethods.MemoryAllocate(out address, bytes);

    /// <inheritdoc />
    public int MemoryFree(nint address) => NativeMethods.MemoryFree(address);

    /// <inheritdoc />
    public int MemoryCopyToDevice(nint destination, void* source, nuint bytes, nint stream) =>
        NativeMethods.MemoryCopyToDevice(destination, source, bytes, stream);

    /// <inheritdoc />
    public int MemoryCopyToHost(void* destination, nint source, nuint bytes, nint stream) =>
        NativeMethods.MemoryCopyToHost(destination, source, bytes, stream);

    /// <inheritdoc />
    public int MemorySet(nint destination, byte value, nuint bytes, nint stream) => NativeMethods.MemorySet(destination, value, bytes, stream);

    /// <inheritdoc />
    public int StreamSynchronize(nint stream) => NativeMethods.StreamSynchronize(stream);

    /// <inheritdoc />
    public int MemoryCopyOnDevice(nint destination, nint source, nuint bytes, nint stream) => NativeMethods.MemoryCopyOnDevice(destination, source, bytes, stream);

    /// <inheritdoc />
    public int HostAllocate(out nint address, nuint bytes, uint flags) => NativeMethods.HostAllocate(out address, bytes, flags);

    /// <inheritdoc />
    public int HostFree(nint address) => NativeMethods.HostFree(address);

    /// <inheritdoc />
    public int MemoryGranularity(out nuint bytes, void* properties, int option) => NativeMethods.MemoryGranularity(out bytes, properties, option);

    /// <inheritdoc />
    public int AddressReserve(out nint address, nuint bytes, nuint alignment, nint wished, ulong flags) => NativeMethods.AddressReserve(out address, bytes, alignment, wished, flags);

    /// <inheritdoc />
    public int AddressFree(nint address, nuint bytes) => NativeMethods.AddressFree(address, bytes);

    /// <inheritdoc />
    public int MemoryCreate(out ulong memory, nuint bytes, void* properties, ulong flags) => NativeMethods.MemoryCreate(out memory, bytes, properties, flags);

    /// <inheritdoc />
    public int MemoryRelease(ulong memory) => NativeMethods.MemoryRelease(memory);

    /// <inheritdoc />
    public int MemoryMap(nint address, nuint bytes, nuint offset, ulong memory, ulong flags) => NativeMethods.MemoryMap(address, bytes, offset, memory, flags);

    /// <inheritdoc />
    public int MemoryUnmap(nint address, nuint bytes) => NativeMethods.MemoryUnmap(address, bytes);

    /// <inheritdoc />
    public int MemorySetAccess(nint address, nuint bytes, void* descriptions, nuint count) => NativeMethods.MemorySetAccess(address, bytes, descriptions, count);

    /// <inheritdoc />
    public int StreamCreate(out nint stream, uint flags) => NativeMethods.StreamCreate(out stream, flags);

    /// <inheritdoc />
    public int StreamDestroy(nint stream) => NativeMethods.StreamDestroy(stream);

    /// <inheritdoc />
    public int StreamBeginCapture(nint stream, int mode) => NativeMethods.StreamBeginCapture(stream, mode);

    /// <inheritdoc />
    public int StreamEndCapture(nint stream, out nint graph) => NativeMethods.StreamEndCapture(stream, out graph);

    /// <inheritdoc />
    public int GraphInstantiate(out nint executable, nint graph, ulong flags) => NativeMethods.GraphInstantiate(out executable, graph, flags);

    /// <inheritdoc />
    public int GraphLaunch(nint executable, nint stream) => NativeMethods.GraphLaunch(executable, stream);

    /// <inheritdoc />
    public int GraphExecutableDestroy(nint executable) => NativeMethods.GraphExecutableDestroy(executable);

    /// <inheritdoc />
    public int GraphDestroy(nint graph) => NativeMethods.GraphDestroy(graph);

    /// <inheritdoc />
    public int EventCreate(out nint handle, uint flags) => NativeMethods.EventCreate(out handle, flags);

    /// <inheritdoc />
    public int EventRecord(nint handle, nint stream) => NativeMethods.EventRecord(handle, stream);

    /// <inheritdoc />
    public int EventSynchronize(nint handle) => NativeMethods.EventSynchronize(handle);

    /// <inheritdoc />
    public int EventElapsedTime(out float milliseconds, nint start, nint end) => NativeMethods.EventElapsedTime(out milliseconds, start, end);

    /// <inheritdoc />
    public int EventDestroy(nint handle) => NativeMethods.EventDestroy(handle);

    /// <inheritdoc />
    public int TensorMapEncodeTiled(
        void* map, int dataType, uint rank, nint globalAddress, ulong* globalDim, ulong* globalStrides, uint* boxDim, uint* elementStrides,
        int interleave, int swizzle, int l2Promotion, int outOfBoundsFill) =>
        NativeMethods.TensorMapEncodeTiled(
            map, dataType, rank, globalAddress, globalDim, globalStrides, boxDim, elementStrides, interleave, swizzle, l2Promotion, outOfBoundsFill);

    /// <inheritdoc />
    public int GetErrorName(int error, out nint text) => NativeMethods.GetErrorName(error, out text);

    /// <inheritdoc />
    public int GetErrorString(int error, out nint text) => NativeMethods.GetErrorString(error, out text);
}
