using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using LongContext.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace LongContext.ManagedCuda;

/// <summary>
/// The driver through the package ManagedCuda-12, for applications that use it already: <c>new CudaContext(new ManagedCudaDriver(), 0)</c>.
/// Compiled only with <c>-p:ManagedCuda=true</c>, because ManagedCuda is GPLv3 or commercial from version 12 on.
/// </summary>
/// <remarks>
/// Both bindings call the same library over the same primary context, so addresses, streams and events of ManagedCuda's own types are
/// this library's too. Ask <see cref="Cuda.CudaDevice.IsAvailable"/> before: without a driver calls throw
/// <see cref="DllNotFoundException"/>.
/// </remarks>
public sealed unsafe class ManagedCudaDriver : ICudaDriver
{
    // ManagedCuda takes a kernel's parameters as an array; one a thread keeps launches free of allocations.
    [ThreadStatic]
    private static nint[]? s_parameters;

    static ManagedCudaDriver() => FindTheDriversOwnFile();

    /// <inheritdoc />
    public string Name => "ManagedCuda-12";

    /// <inheritdoc />
    public int Init(uint flags) => (int)DriverAPINativeMethods.cuInit((CUInitializationFlags)flags);

    /// <inheritdoc />
    public int DeviceGetCount(out int count)
    {
        count = 0;
        return (int)DriverAPINativeMethods.DeviceManagement.cuDeviceGetCount(ref count);
    }

    /// <inheritdoc />
    public int DeviceGet(out int device, int ordinal)
    {
        CUdevice found = default;
        CUResult status = DriverAPINativeMethods.DeviceManagement.cuDeviceGet(ref found, ordinal);
        device = found.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int DeviceGetAttribute(out int value, int attribute, int device)
    {
        value = 0;
        return (int)DriverAPINativeMethods.DeviceManagement.cuDeviceGetAttribute(ref value, (CUDeviceAttribute)attribute, Device(device));
    }

    /// <inheritdoc />
    public int PrimaryContextRetain(out nint context, int device)
    {
        CUcontext retained = default;
        CUResult status = DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRetain(ref retained, Device(device));
        context = retained.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int PrimaryContextRelease(int device) => (int)DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRelease(Device(device));

    /// <inheritdoc />
    public int ContextGetCurrent(out nint context)
    {
        CUcontext current = default;
        CUResult status = DriverAPINativeMethods.ContextManagement.cuCtxGetCurrent(ref current);
        context = current.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int ContextSetCurrent(nint context) => (int)DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(new CUcontext { Pointer = context });

    /// <inheritdoc />
    public int ModuleLoadData(out nint module, byte* image, byte* log, int logBytes)
    {
        // The image goes as an array that ends with its zero; the log's address is one of the options' values.
        byte[] text = new ReadOnlySpan<byte>(image, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(image).Length + 1).ToArray();
        CUJITOption[] options = log is null ? [] : [CUJITOption.ErrorLogBuffer, CUJITOption.ErrorLogBufferSizeBytes];
        nint[] values = log is null ? [] : [(nint)log, logBytes];
        CUmodule loaded = default;
        CUResult status = DriverAPINativeMethods.ModuleManagement.cuModuleLoadDataEx(ref loaded, text, (uint)options.Length, options, values);
        module = loaded.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int ModuleUnload(nint module) => (int)DriverAPINativeMethods.ModuleManagement.cuModuleUnload(new CUmodule { Pointer = module });

    /// <inheritdoc />
    public int ModuleGetFunction(out nint function, nint module, string name)
    {
        CUfunction found = default;
        CUResult status = DriverAPINativeMethods.ModuleManagement.cuModuleGetFunction(ref found, new CUmodule { Pointer = module }, name);
        function = found.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int FunctionGetAttribute(out int value, int attribute, nint function)
    {
        value = 0;
        return (int)DriverAPINativeMethods.FunctionManagement.cuFuncGetAttribute(ref value, (CUFunctionAttribute)attribute, Function(function));
    }

    /// <inheritdoc />
    public int FunctionSetAttribute(nint function, int attribute, int value) =>
        (int)DriverAPINativeMethods.FunctionManagement.cuFuncSetAttribute(Function(function), (CUFunctionAttribute)attribute, value);

    /// <inheritdoc />
    /// <remarks>The kernel must have one parameter, as all kernels of this library have: an array cannot be made of pointers without a count.</remarks>
    public int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra)
    {
        nint[]? passed = null;
        if (parameters is not null)
        {
            passed = s_parameters ??= new nint[1];
            passed[0] = (nint)parameters[0];
        }

        return (int)DriverAPINativeMethods.Launch.cuLaunchKernel(
            Function(function), gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes, Stream(stream), passed, Extra(extra));
    }

    /// <inheritdoc />
    public int MemoryAllocate(out nint address, nuint bytes)
    {
        CUdeviceptr allocated = default;
        CUResult status = DriverAPINativeMethods.MemoryManagement.cuMemAlloc_v2(ref allocated, bytes);
        address = allocated.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int MemoryFree(nint address) => (int)DriverAPINativeMethods.MemoryManagement.cuMemFree_v2(Memory(address));

    /// <inheritdoc />
    public int MemoryCopyToDevice(nint destination, void* source, nuint bytes, nint stream) =>
        (int)DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(Memory(destination), (nint)source, bytes, Stream(stream));

    /// <inheritdoc />
    public int MemoryCopyToHost(void* destination, nint source, nuint bytes, nint stream) =>
        (int)DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2((nint)destination, Memory(source), bytes, Stream(stream));

    /// <inheritdoc />
    public int MemorySet(nint destination, byte value, nuint bytes, nint stream) =>
        (int)DriverAPINativeMethods.MemsetAsync.cuMemsetD8Async(Memory(destination), value, bytes, Stream(stream));

    /// <inheritdoc />
    public int StreamSynchronize(nint stream) => (int)DriverAPINativeMethods.Streams.cuStreamSynchronize(Stream(stream));

    /// <inheritdoc />
    public int MemoryCopyOnDevice(nint destination, nint source, nuint bytes, nint stream) =>
        (int)DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(Memory(destination), Memory(source), bytes, Stream(stream));

    /// <inheritdoc />
    public int HostAllocate(out nint address, nuint bytes, uint flags)
    {
        address = 0;
        return (int)DriverAPINativeMethods.MemoryManagement.cuMemHostAlloc(ref address, bytes, (CUMemHostAllocFlags)flags);
    }

    /// <inheritdoc />
    public int HostFree(nint address) => (int)DriverAPINativeMethods.MemoryManagement.cuMemFreeHost(address);

    // ManagedCuda declares what these point to as structs of its own; here they are the driver's bytes already. Handles and addresses are the same.

    /// <inheritdoc />
    public int MemoryGranularity(out nuint bytes, void* properties, int option) => NativeCudaDriver.Instance.MemoryGranularity(out bytes, properties, option);

    /// <inheritdoc />
    public int MemoryCreate(out ulong memory, nuint bytes, void* properties, ulong flags) => NativeCudaDriver.Instance.MemoryCreate(out memory, bytes, properties, flags);

    /// <inheritdoc />
    public int MemorySetAccess(nint address, nuint bytes, void* descriptions, nuint count) =>
        NativeCudaDriver.Instance.MemorySetAccess(address, bytes, descriptions, count);

    /// <inheritdoc />
    public int AddressReserve(out nint address, nuint bytes, nuint alignment, nint wished, ulong flags)
    {
        CUdeviceptr reserved = default;
        CUResult status = DriverAPINativeMethods.MemoryManagement.cuMemAddressReserve(ref reserved, bytes, alignment, Memory(wished), flags);
        address = reserved.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int AddressFree(nint address, nuint bytes) => (int)DriverAPINativeMethods.MemoryManagement.cuMemAddressFree(Memory(address), bytes);

    /// <inheritdoc />
    public int MemoryRelease(ulong memory) => (int)DriverAPINativeMethods.MemoryManagement.cuMemRelease(Physical(memory));

    /// <inheritdoc />
    public int MemoryMap(nint address, nuint bytes, nuint offset, ulong memory, ulong flags) =>
        (int)DriverAPINativeMethods.MemoryManagement.cuMemMap(Memory(address), bytes, offset, Physical(memory), flags);

    /// <inheritdoc />
    public int MemoryUnmap(nint address, nuint bytes) => (int)DriverAPINativeMethods.MemoryManagement.cuMemUnmap(Memory(address), bytes);

    /// <inheritdoc />
    public int StreamCreate(out nint stream, uint flags)
    {
        CUstream created = default;
        CUResult status = DriverAPINativeMethods.Streams.cuStreamCreate(ref created, (CUStreamFlags)flags);
        stream = created.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int StreamDestroy(nint stream) => (int)DriverAPINativeMethods.Streams.cuStreamDestroy_v2(Stream(stream));

    /// <inheritdoc />
    public int StreamBeginCapture(nint stream, int mode) => (int)DriverAPINativeMethods.Streams.cuStreamBeginCapture(Stream(stream), (CUstreamCaptureMode)mode);

    /// <inheritdoc />
    public int StreamEndCapture(nint stream, out nint graph)
    {
        CUgraph captured = default;
        CUResult status = DriverAPINativeMethods.Streams.cuStreamEndCapture(Stream(stream), ref captured);
        graph = captured.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int GraphInstantiate(out nint executable, nint graph, ulong flags) => NativeCudaDriver.Instance.GraphInstantiate(out executable, graph, flags);

    /// <inheritdoc />
    public int GraphLaunch(nint executable, nint stream) => (int)DriverAPINativeMethods.GraphManagment.cuGraphLaunch(Executable(executable), Stream(stream));

    /// <inheritdoc />
    public int GraphExecutableDestroy(nint executable) => (int)DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(Executable(executable));

    /// <inheritdoc />
    public int GraphDestroy(nint graph) => (int)DriverAPINativeMethods.GraphManagment.cuGraphDestroy(new CUgraph { Pointer = graph });

    /// <inheritdoc />
    public int EventCreate(out nint handle, uint flags)
    {
        CUevent created = default;
        CUResult status = DriverAPINativeMethods.Events.cuEventCreate(ref created, (CUEventFlags)flags);
        handle = created.Pointer;
        return (int)status;
    }

    /// <inheritdoc />
    public int EventRecord(nint handle, nint stream) => (int)DriverAPINativeMethods.Events.cuEventRecord(Event(handle), Stream(stream));

    /// <inheritdoc />
    public int EventSynchronize(nint handle) => (int)DriverAPINativeMethods.Events.cuEventSynchronize(Event(handle));

    /// <inheritdoc />
    public int EventElapsedTime(out float milliseconds, nint start, nint end)
    {
        milliseconds = 0;
        return (int)DriverAPINativeMethods.Events.cuEventElapsedTime(ref milliseconds, Event(start), Event(end));
    }

    /// <inheritdoc />
    public int EventDestroy(nint handle) => (int)DriverAPINativeMethods.Events.cuEventDestroy_v2(Event(handle));

    /// <inheritdoc />
    public int TensorMapEncodeTiled(
        void* map, int dataType, uint rank, nint globalAddress, ulong* globalDim, ulong* globalStrides, uint* boxDim, uint* elementStrides,
        int interleave, int swizzle, int l2Promotion, int outOfBoundsFill) =>
        // ManagedCuda declares the map as a struct around an array, which is copied to and from wherever the marshaller puts it, while the
        // driver asks for an address aligned to 64 bytes. The call needs no context: it fills in a description.
        NativeCudaDriver.Instance.TensorMapEncodeTiled(
            map, dataType, rank, globalAddress, globalDim, globalStrides, boxDim, elementStrides, interleave, swizzle, l2Promotion, outOfBoundsFill);

    /// <inheritdoc />
    public int GetErrorName(int error, out nint text)
    {
        text = 0;
        return (int)DriverAPINativeMethods.ErrorHandling.cuGetErrorName((CUResult)error, ref text);
    }

    /// <inheritdoc />
    public int GetErrorString(int error, out nint text)
    {
        text = 0;
        return (int)DriverAPINativeMethods.ErrorHandling.cuGetErrorString((CUResult)error, ref text);
    }

    // Not by its constructor, which asks the driver.
    private static CUdevice Device(int device) => new() { Pointer = device };

    private static CUfunction Function(nint function) => new() { Pointer = function };

    private static CUdeviceptr Memory(nint address) => new() { Pointer = address };

    private static CUstream Stream(nint stream) => new() { Pointer = stream };

    private static CUevent Event(nint handle) => new() { Pointer = handle };

    private static CUgraphExec Executable(nint handle) => new() { Pointer = handle };

    private static CUmemGenericAllocationHandle Physical(ulong handle) => new() { Pointer = handle };

    /// <summary>cuLaunchKernel's list of names and values, which ends with the name 0 (CU_LAUNCH_PARAM_END).</summary>
    private static nint[]? Extra(void** extra)
    {
        if (extra is null) return null;
        int end = 0;
        while (extra[end] is not null) end += 2;
        return new ReadOnlySpan<nint>(extra, end + 1).ToArray();
    }

    /// <summary>
    /// On Linux ManagedCuda looks for libcuda.so, a link that comes with the toolkit; a machine with NVIDIA's driver alone may have libcuda.so.1 only.
    /// </summary>
    private static void FindTheDriversOwnFile()
    {
        if (!OperatingSystem.IsLinux()) return;
        Assembly binding = typeof(DriverAPINativeMethods).Assembly;
        AssemblyLoadContext.GetLoadContext(binding)!.ResolvingUnmanagedDll += (assembly, name) =>
            assembly == binding && name is "libcuda" or "nvcuda" && NativeLibrary.TryLoad("libcuda.so.1", assembly, null, out nint library) ? library : 0;
    }
}
