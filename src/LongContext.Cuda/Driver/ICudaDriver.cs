namespace LongContext.Cuda.Driver;

/// <summary>
/// The calls of the CUDA driver that this library makes, one method each, named after them. Implementations pass them on and
/// check nothing: every status (CUresult, 0 for success) is checked by the types of this namespace, with the call's text.
/// </summary>
/// <remarks>
/// <see cref="NativeCudaDriver"/> is the default; the opt-in LongContext.ManagedCuda is another, and so can a recording or an emulated
/// driver be. All methods must be callable from any thread. Addresses, streams and events are the driver's own handles.
/// Source: CUDA Driver API reference, the section named at each group.
/// </remarks>
public unsafe interface ICudaDriver
{
    /// <summary>Short name for logs, for example <c>libcuda</c>.</summary>
    string Name { get; }

    /// <summary>cuInit: must come first; may be called again.</summary>
    int Init(uint flags);

    /// <summary>cuDeviceGetCount.</summary>
    int DeviceGetCount(out int count);

    /// <summary>cuDeviceGet ("Device Management").</summary>
    int DeviceGet(out int device, int ordinal);

    /// <summary>cuDeviceGetAttribute; attributes are CUdevice_attribute.</summary>
    int DeviceGetAttribute(out int value, int attribute, int device);

    /// <summary>cuDevicePrimaryCtxRetain ("Primary Context Management"): the context that CUDA's runtime, and so libtorch, uses.</summary>
    int PrimaryContextRetain(out nint context, int device);

    /// <summary>cuDevicePrimaryCtxRelease.</summary>
    int PrimaryContextRelease(int device);

    /// <summary>cuCtxGetCurrent ("Context Management"): of the calling thread.</summary>
    int ContextGetCurrent(out nint context);

    /// <summary>cuCtxSetCurrent: for the calling thread.</summary>
    int ContextSetCurrent(nint context);

    /// <summary>cuModuleLoadDataEx ("Module Management").</summary>
    /// <param name="module">The loaded module.</param>
    /// <param name="image">PTX text, zero-terminated.</param>
    /// <param name="log">Where the assembler's errors go, zero-terminated; null for nowhere.</param>
    /// <param name="logBytes">Size of <paramref name="log"/>.</param>
    int ModuleLoadData(out nint module, byte* image, byte* log, int logBytes);

    /// <summary>cuModuleUnload.</summary>
    int ModuleUnload(nint module);

    /// <summary>cuModuleGetFunction.</summary>
    int ModuleGetFunction(out nint function, nint module, string name);

    /// <summary>cuFuncGetAttribute ("Execution Control"); attributes are CUfunction_attribute.</summary>
    int FunctionGetAttribute(out int value, int attribute, nint function);

    /// <summary>cuFuncSetAttribute.</summary>
    int FunctionSetAttribute(nint function, int attribute, int value);

    /// <summary>cuLaunchKernel.</summary>
    int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra);

    /// <summary>cuMemAlloc ("Memory Management").</summary>
    int MemoryAllocate(out nint address, nuint bytes);

    /// <summary>cuMemFree.</summary>
    int MemoryFree(nint address);

    /// <summary>cuMemcpyHtoDAsync.</summary>
    int MemoryCopyToDevice(nint destination, void* source, nuint bytes, nint stream);

    /// <summary>cuMemcpyDtoHAsync.</summary>
    int MemoryCopyToHost(void* destination, nint source, nuint bytes, nint stream);

    /// <summary>cuMemcpyDtoDAsync.</summary>
    int MemoryCopyOnDevice(nint destination, nint source, nuint bytes, nint stream);

    /// <summary>cuMemsetD8Async.</summary>
    int MemorySet(nint destination, byte value, nuint bytes, nint stream);

    /// <summary>cuMemHostAlloc: host memory that the device copies from and to by itself.</summary>
    int HostAllocate(out nint address, nuint bytes, uint flags);

    /// <summary>cuMemFreeHost.</summary>
    int HostFree(nint address);

    /// <summary>cuMemGetAllocationGranularity ("Virtual Memory Management").</summary>
    /// <param name="bytes">What sizes and addresses must be multiples of.</param>
    /// <param name="properties">CUmemAllocationProp, 32 bytes.</param>
    /// <param name="option">CUmemAllocationGranularity_flags.</param>
    int MemoryGranularity(out nuint bytes, void* properties, int option);

    /// <summary>cuMemAddressReserve: addresses without memory.</summary>
    int AddressReserve(out nint address, nuint bytes, nuint alignment, nint wished, ulong flags);

    /// <summary>cuMemAddressFree.</summary>
    int AddressFree(nint address, nuint bytes);

    /// <summary>cuMemCreate: memory without addresses.</summary>
    /// <param name="memory">Its handle.</param>
    /// <param name="bytes">A multiple of the granularity.</param>
    /// <param name="properties">CUmemAllocationProp, 32 bytes.</param>
    /// <param name="flags">0.</param>
    int MemoryCreate(out ulong memory, nuint bytes, void* properties, ulong flags);

    /// <summary>cuMemRelease.</summary>
    int MemoryRelease(ulong memory);

    /// <summary>cuMemMap: puts memory under addresses.</summary>
    int MemoryMap(nint address, nuint bytes, nuint offset, ulong memory, ulong flags);

    /// <summary>cuMemUnmap.</summary>
    int MemoryUnmap(nint address, nuint bytes);

    /// <summary>cuMemSetAccess.</summary>
    /// <param name="address">Mapped addresses.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="descriptions">CUmemAccessDesc, 12 bytes each.</param>
    /// <param name="count">How many of these.</param>
    int MemorySetAccess(nint address, nuint bytes, void* descriptions, nuint count);

    /// <summary>cuStreamSynchronize ("Stream Management"); stream 0 is the default stream, which libtorch uses too.</summary>
    int StreamSynchronize(nint stream);

    /// <summary>cuStreamCreate; flags are CUstream_flags.</summary>
    int StreamCreate(out nint stream, uint flags);

    /// <summary>cuStreamDestroy.</summary>
    int StreamDestroy(nint stream);

    /// <summary>cuStreamBeginCapture: what is put on the stream from here on is noted and not run; modes are CUstreamCaptureMode.</summary>
    int StreamBeginCapture(nint stream, int mode);

    /// <summary>cuStreamEndCapture.</summary>
    int StreamEndCapture(nint stream, out nint graph);

    /// <summary>cuGraphInstantiateWithFlags ("Graph Management").</summary>
    int GraphInstantiate(out nint executable, nint graph, ulong flags);

    /// <summary>cuGraphLaunch.</summary>
    int GraphLaunch(nint executable, nint stream);

    /// <summary>cuGraphExecDestroy.</summary>
    int GraphExecutableDestroy(nint executable);

    /// <summary>cuGraphDestroy.</summary>
    int GraphDestroy(nint graph);

    /// <summary>cuEventCreate ("Event Management").</summary>
    int EventCreate(out nint handle, uint flags);

    /// <summary>cuEventRecord.</summary>
    int EventRecord(nint handle, nint stream);

    /// <summary>cuEventSynchronize.</summary>
    int EventSynchronize(nint handle);

    /// <summary>cuEventElapsedTime.</summary>
    int EventElapsedTime(out float milliseconds, nint start, nint end);

    /// <summary>cuEventDestroy.</summary>
    int EventDestroy(nint handle);

    /// <summary>cuTensorMapEncodeTiled ("Tensor Map Object Management"): describes a tensor to the bulk copy engine of compute capability 9.0.</summary>
    /// <param name="map">128 bytes, aligned to 64, that are written.</param>
    /// <param name="dataType">CUtensorMapDataType.</param>
    /// <param name="rank">Number of dimensions, 1 to 5.</param>
    /// <param name="globalAddress">The tensor, aligned to 16 bytes.</param>
    /// <param name="globalDim">Its sizes in elements, innermost first.</param>
    /// <param name="globalStrides">Bytes from one index to the next, of every dimension but the innermost; multiples of 16.</param>
    /// <param name="boxDim">Sizes of the box that one copy moves, each at most 256.</param>
    /// <param name="elementStrides">Steps in the tensor between elements of the box.</param>
    /// <param name="interleave">CUtensorMapInterleave.</param>
    /// <param name="swizzle">CUtensorMapSwizzle.</param>
    /// <param name="l2Promotion">CUtensorMapL2promotion.</param>
    /// <param name="outOfBoundsFill">CUtensorMapFloatOOBfill.</param>
    int TensorMapEncodeTiled(
        void* map, int dataType, uint rank, nint globalAddress, ulong* globalDim, ulong* globalStrides, uint* boxDim, uint* elementStrides,
        int interleave, int swizzle, int l2Promotion, int outOfBoundsFill);

    /// <summary>cuGetErrorName ("Error Handling").</summary>
    /// <param name="error">A status.</param>
    /// <param name="text">Zero-terminated text that the driver keeps.</param>
    int GetErrorName(int error, out nint text);

    /// <summary>cuGetErrorString.</summary>
    /// <param name="error">A status.</param>
    /// <param name="text">Zero-terminated text that the driver keeps.</param>
    int GetErrorString(int error, out nint text);
}
