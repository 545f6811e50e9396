using System.Runtime.InteropServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>A driver that runs nothing: it notes the calls, hands out numbers, and fails those calls that the test names.</summary>
internal sealed unsafe class ScriptedDriver : ICudaDriver
{
    private const int InvalidValue = 1;
    private readonly nint errorName = Marshal.StringToCoTaskMemUTF8("CUDA_ERROR_INVALID_VALUE"), errorText = Marshal.StringToCoTaskMemUTF8("invalid argument");
    private nint next = 0x1000, current;

    /// <summary>Calls that fail, by the names of this interface.</summary>
    public HashSet<string> Failing { get; } = [];

    /// <summary>What was called, while <see cref="Notes"/> is on.</summary>
    public List<string> Calls { get; } = [];

    public bool Notes { get; set; } = true;

    /// <summary>Handles made and not yet given back.</summary>
    public HashSet<nint> Live { get; } = [];

    /// <summary>The last launch's parameter, read as 32-bit numbers.</summary>
    public int[] LastParameter { get; } = new int[4];

    public string Name => "scripted";

    public int Init(uint flags) => Done(nameof(Init));

    public int DeviceGetCount(out int count)
    {
        count = 1;
        return Done(nameof(DeviceGetCount));
    }

    public int DeviceGet(out int device, int ordinal)
    {
        device = ordinal;
        return ordinal == 0 ? Done(nameof(DeviceGet)) : InvalidValue;
    }

    public int DeviceGetAttribute(out int value, int attribute, int device)
    {
        value = 100 + attribute;
        return Done(nameof(DeviceGetAttribute));
    }

    public int PrimaryContextRetain(out nint context, int device) => Make(out context, nameof(PrimaryContextRetain));

    public int PrimaryContextRelease(int device) => Done(nameof(PrimaryContextRelease));

    public int ContextGetCurrent(out nint context)
    {
        context = current;
        return Done(nameof(ContextGetCurrent));
    }

    public int ContextSetCurrent(nint context)
    {
        current = context;
        return Done(nameof(ContextSetCurrent));
    }

    public int ModuleLoadData(out nint module, byte* image, byte* log, int logBytes)
    {
        int status = Make(out module, nameof(ModuleLoadData));
        if (status != 0) "ptxas fatal: line 7"u8.CopyTo(new Span<byte>(log, logBytes));
        return status;
    }

    public int ModuleUnload(nint module) => Return(module, nameof(ModuleUnload));

    public int ModuleGetFunction(out nint function, nint module, string name)
    {
        function = next++;
        return Done(nameof(ModuleGetFunction));
    }

    public int FunctionGetAttribute(out int value, int attribute, nint function)
    {
        value = attribute;
        return Done(nameof(FunctionGetAttribute));
    }

    public int FunctionSetAttribute(nint function, int attribute, int value) => Done($"{nameof(FunctionSetAttribute)} {attribute}={value}");

    public int LaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ, uint sharedBytes, nint stream, void** parameters, void** extra)
    {
        new ReadOnlySpan<int>(parameters[0], LastParameter.Length).CopyTo(LastParameter);
        return Notes ? Done($"{nameof(LaunchKernel)} {gridX}x{gridY}x{gridZ} {blockX}x{blockY}x{blockZ} {sharedBytes}") : 0;
    }

    public int MemoryAllocate(out nint address, nuint bytes) => Make(out address, nameof(MemoryAllocate));

    public int MemoryFree(nint address) => Return(address, nameof(MemoryFree));

    public int MemoryCopyToDevice(nint destination, void* source, nuint bytes, nint stream) => Done($"{nameof(MemoryCopyToDevice)} {bytes}");

    public int MemoryCopyToHost(void* destination, nint source, nuint bytes, nint stream) => Done($"{nameof(MemoryCopyToHost)} {bytes}");

    public int MemorySet(nint destination, byte value, nuint bytes, nint stream) => Done($"{nameof(MemorySet)} {value} {bytes}");

    public int StreamSynchronize(nint stream) => Done(nameof(StreamSynchronize));

    public int MemoryCopyOnDevice(nint destination, nint source, nuint bytes, nint stream) => Done($"{nameof(MemoryCopyOnDevice)} {bytes}");

    public int HostAllocate(out nint address, nuint bytes, uint flags) => Make(out address, nameof(HostAllocate));

    public int HostFree(nint address) => Return(address, nameof(HostFree));

    public int MemoryGranularity(out nuint bytes, void* properties, int option)
    {
        bytes = 4096;
        return Done(nameof(MemoryGranularity));
    }

    public int AddressReserve(out nint address, nuint bytes, nuint alignment, nint wished, ulong flags) => Make(out address, nameof(AddressReserve));

    public int AddressFree(nint address, nuint bytes) => Return(address, nameof(AddressFree));

    public int MemoryCreate(out ulong memory, nuint bytes, void* properties, ulong flags)
    {
        int status = Make(out nint handle, nameof(MemoryCreate));
        memory = (ulong)handle;
        return status;
    }

    public int MemoryRelease(ulong memory) => Return((nint)memory, nameof(MemoryRelease));

    public int MemoryMap(nint address, nuint bytes, nuint offset, ulong memory, ulong flags) => Done(nameof(MemoryMap));

    public int MemoryUnmap(nint address, nuint bytes) => Done(nameof(MemoryUnmap));

    public int MemorySetAccess(nint address, nuint bytes, void* descriptions, nuint count) => Done(nameof(MemorySetAccess));

    public int StreamCreate(out nint stream, uint flags) => Make(out stream, nameof(StreamCreate));

    public int StreamDestroy(nint stream) => Return(stream, nameof(StreamDestroy));

    public int StreamBeginCapture(nint stream, int mode) => Done($"{nameof(StreamBeginCapture)} {mode}");

    public int StreamEndCapture(nint stream, out nint graph) => Make(out graph, nameof(StreamEndCapture));

    public int GraphInstantiate(out nint executable, nint graph, ulong flags) => Make(out executable, nameof(GraphInstantiate));

    public int GraphLaunch(nint executable, nint stream) => Done(nameof(GraphLaunch));

    public int GraphExecutableDestroy(nint executable) => Return(executable, nameof(GraphExecutableDestroy));

    public int GraphDestroy(nint graph) => Return(graph, nameof(GraphDestroy));

    public int EventCreate(out nint handle, uint flags) => Make(out handle, nameof(EventCreate));

    public int EventRecord(nint handle, nint stream) => Done(nameof(EventRecord));

    public int EventSynchronize(nint handle) => Done(nameof(EventSynchronize));

    public int EventElapsedTime(out float milliseconds, nint start, nint end)
    {
        milliseconds = 1.5f;
        return Done(nameof(EventElapsedTime));
    }

    public int EventDestroy(nint handle) => Return(handle, nameof(EventDestroy));

    public int TensorMapEncodeTiled(
        void* map, int dataType, uint rank, nint globalAddress, ulong* globalDim, ulong* globalStrides, uint* boxDim, uint* elementStrides,
        int interleave, int swizzle, int l2Promotion, int outOfBoundsFill) => Done(nameof(TensorMapEncodeTiled));

    public int GetErrorName(int error, out nint text)
    {
        text = errorName;
        return 0;
    }

    public int GetErrorString(int error, out nint text)
    {
        text = errorText;
        return 0;
    }

    private int Make(out nint handle, string call)
    {
        handle = 0;
        int status = Done(call);
        if (status == 0) Live.Add(handle = next++);
        return status;
    }

    private int Return(nint handle, string call) => Live.Remove(handle) ? Done(call) : throw new InvalidOperationException($"{call}: handle {handle} is not live.");

    private int Done(string call)
    {
        if (Notes) Calls.Add(call);
        return Failing.Count > 0 && Failing.Contains(call.Split(' ')[0]) ? InvalidValue : 0;
    }
}
