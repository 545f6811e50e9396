namespace LongContext.Cuda.Tests.Driver;

/// <summary>What <see cref="DriverCalls"/> finds when every argument arrives and every result comes back.</summary>
internal static class ExpectedDriverCalls
{
    private const string Handle = "7fee00000000000", A = "1122334455667788", B = "2233445566778899", C = "33445566778899aa", D = "445566778899aabb";

    /// <summary>The seam: method, and what arrives and what comes back, beginning with the status: each call gets another.</summary>
    public static TheoryData<string, string> Methods => new()
    {
        { "Init", "cuInit(4000000001) → 1" },
        { "DeviceGetCount", "cuDeviceGetCount() → 2, -2" },
        { "DeviceGet", "cuDeviceGet(-17) → 3, -3" },
        { "DeviceGetAttribute", "cuDeviceGetAttribute(75, -18) → 4, -75" },
        { "PrimaryContextRetain", $"cuDevicePrimaryCtxRetain(-19) → 5, {Handle}1" },
        { "PrimaryContextRelease", "cuDevicePrimaryCtxRelease_v2(-20) → 6" },
        { "ContextGetCurrent", $"cuCtxGetCurrent() → 7, {Handle}2" },
        { "ContextSetCurrent", $"cuCtxSetCurrent({A}) → 8" },
        { "ModuleLoadData", $"cuModuleLoadDataEx(.version 7.4, 2, 40) → 9, {Handle}3, line 7" },
        { "ModuleLoadData without log", $"cuModuleLoadDataEx(.version 7.4, 0, 0) → 10, {Handle}3, " },
        { "ModuleUnload", $"cuModuleUnload({A}) → 11" },
        { "ModuleGetFunction", $"cuModuleGetFunction({A}, axpy_é) → 12, {Handle}4" },
        { "FunctionGetAttribute", $"cuFuncGetAttribute(4, {A}) → 13, -5" },
        { "FunctionSetAttribute", $"cuFuncSetAttribute({A}, 8, -21) → 14" },
        {
            "LaunchKernel",
            $"cuLaunchKernel({A}, 4000000001x4000000002x4000000003, 4000000004x4000000005x4000000006, 4000000007, {C}, parameter {B}, 0 extra) → 15"
        },
        { "LaunchKernel with extra", $"cuLaunchKernel({A}, 1x2x3, 4x5x6, 7, {C}, parameter 0, 4 extra) → 16" },
        { "MemoryAllocate", $"cuMemAlloc_v2({A}) → 17, {Handle}6" },
        { "MemoryFree", $"cuMemFree_v2({A}) → 18" },
        { "MemoryCopyToDevice", $"cuMemcpyHtoDAsync_v2({A}, {B}, {C}, {D}) → 19" },
        { "MemoryCopyToHost", $"cuMemcpyDtoHAsync_v2({A}, {B}, {C}, {D}) → 20" },
        { "MemorySet", $"cuMemsetD8Async({A}, 201, {B}, {C}) → 21" },
        { "StreamSynchronize", $"cuStreamSynchronize({A}) → 22" },
        { "EventCreate", $"cuEventCreate(4000000001) → 23, {Handle}7" },
        { "EventRecord", $"cuEventRecord({A}, {B}) → 24" },
        { "EventSynchronize", $"cuEventSynchronize({A}) → 25" },
        { "EventElapsedTime", $"cuEventElapsedTime({A}, {B}) → 26, 1.25" },
        { "EventDestroy", $"cuEventDestroy_v2({A}) → 27" },
        {
            "TensorMapEncodeTiled",
            $"cuTensorMapEncodeTiled(aligned, -26, 3, {D}, {A} {B} {C}, {D} {A}, 4000000001 4000000002 4000000003, 4000000004 4000000005 4000000006, "
            + "-27, -28, -29, -30) → 28, 101010101010101, f0f0f0f0f0f0f0f"
        },
        { "MemoryCopyOnDevice", $"cuMemcpyDtoDAsync_v2({A}, {B}, {C}, {D}) → 29" },
        { "HostAllocate", $"cuMemHostAlloc({A}, 4000000001) → 30, {Handle}8" },
        { "HostFree", $"cuMemFreeHost({A}) → 31" },
        { "MemoryGranularity", $"cuMemGetAllocationGranularity({A}, -31) → 32, 200000003" },
        { "AddressReserve", $"cuMemAddressReserve({A}, {B}, {C}, {D}) → 33, {Handle}9" },
        { "AddressFree", $"cuMemAddressFree({A}, {B}) → 34" },
        { "MemoryCreate", $"cuMemCreate({A}, {B}, {C}) → 35, {Handle}a" },
        { "MemoryRelease", $"cuMemRelease({A}) → 36" },
        { "MemoryMap", $"cuMemMap({A}, {B}, {C}, {D}, {A}) → 37" },
        { "MemoryUnmap", $"cuMemUnmap({A}, {B}) → 38" },
        { "MemorySetAccess", $"cuMemSetAccess({A}, {B}, {C}, {D}) → 39" },
        { "StreamCreate", $"cuStreamCreate(4000000001) → 40, {Handle}b" },
        { "StreamDestroy", $"cuStreamDestroy_v2({A}) → 41" },
        { "StreamBeginCapture", $"cuStreamBeginCapture_v2({A}, -32) → 42" },
        { "StreamEndCapture", $"cuStreamEndCapture({A}) → 43, {Handle}c" },
        { "GraphInstantiate", $"cuGraphInstantiateWithFlags({A}, {B}) → 44, {Handle}d" },
        { "GraphLaunch", $"cuGraphLaunch({A}, {B}) → 45" },
        { "GraphExecutableDestroy", $"cuGraphExecDestroy({A}) → 46" },
        { "GraphDestroy", $"cuGraphDestroy({A}) → 47" },
        { "GetErrorName", "cuGetErrorName(-22) → 48, CUDA_ERROR_FAKE" },
        { "GetErrorString", "cuGetErrorString(-23) → 49, fake words" },
    };

    /// <summary>The same for what <see cref="CudaDevice"/> alone calls.</summary>
    public static TheoryData<string, string> BesideTheSeam => new()
    {
        { "DriverGetVersion", "cuDriverGetVersion() → 50, -12080" },
        { "DeviceGetName", "cuDeviceGetName(64, -24) → 51, Fake GPU é" },
        { "DeviceTotalMemory", "cuDeviceTotalMem_v2(-25) → 52, 1400000004" },
        { "ContextGetDevice", "cuCtxGetDevice() → 53, -4" },
        { "MemoryGetInfo", "cuMemGetInfo_v2() → 54, 300000001, 1400000004" },
        { "ModuleLoadVerbose", $"cuModuleLoadDataEx(.version 7.4, 3, 40) → 55, {Handle}3, 0 bytes spilled" },
    };
}
