using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation;

public sealed unsafe partial class EmulatedDriver
{
    public int MemoryAllocate(out nint address, nuint bytes)
    {
        address = 0;
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return InvalidValue;
        address = memory.Allocate(bytes);
        return 0;
    }

    public int MemoryFree(nint address) => !HasContext ? InvalidContext : memory.Free(address) ? 0 : InvalidValue;

    public int MemoryCopyToDevice(nint destination, void* source, nuint bytes, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return 0;
        memory.Require(destination, (long)bytes);
        return RunOrCapture(stream, () =>
        {
            Buffer.MemoryCopy(source, (void*)destination, bytes, bytes);
            memory.MarkWritten(destination, (long)bytes);
        }, pinned: (nint)source, (long)bytes);
    }

    public int MemoryCopyToHost(void* destination, nint source, nuint bytes, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return 0;
        memory.Require(source, (long)bytes);
        if (CaptureOf(stream) is not null)
            return CaptureCopyToHost(destination, source, bytes, stream);
        // No closure is made here: a caller's steady state must be seen to allocate nothing.
        Buffer.MemoryCopy((void*)source, destination, bytes, bytes);
        return 0;
    }

    private int CaptureCopyToHost(void* destination, nint source, nuint bytes, nint stream) =>
        RunOrCapture(stream, () => Buffer.MemoryCopy((void*)source, destination, bytes, bytes), pinned: (nint)destination, (long)bytes);

    public int MemorySet(nint destination, byte value, nuint bytes, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return 0;
        memory.Require(destination, (long)bytes);
        return RunOrCapture(stream, () =>
        {
            NativeMemory.Fill((void*)destination, bytes, value);
            memory.MarkWritten(destination, (long)bytes);
        });
    }

    /// <summary>Whether every byte of the range was written since it was allocated: a kernel's output without holes.</summary>
    public bool IsWritten(nint address, long bytes)
    {
        Execution.Allocation allocation = memory.Require(address, bytes);
        return allocation.Written == null || !new ReadOnlySpan<byte>(allocation.Written + (address - allocation.Start), checked((int)bytes)).Contains((byte)0);
    }

    public int MemoryCopyOnDevice(nint destination, nint source, nuint bytes, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return 0;
        memory.Require(destination, (long)bytes);
        memory.Require(source, (long)bytes);
        return RunOrCapture(stream, () =>
        {
            Buffer.MemoryCopy((void*)source, (void*)destination, bytes, bytes);
            memory.MarkWritten(destination, (long)bytes);
        });
    }

    public int EventCreate(out nint handle, uint flags)
    {
        handle = 0;
        if (!HasContext)
            return InvalidContext;
        handle = NewHandle();
        events[handle] = 0;
        return 0;
    }

    public int EventRecord(nint handle, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (!events.ContainsKey(handle))
            return InvalidHandle;
        events[handle] = Stopwatch.GetTimestamp();
        return 0;
    }

    public int EventSynchronize(nint handle) => !HasContext ? InvalidContext : events.ContainsKey(handle) ? 0 : InvalidHandle;

    /// <summary>Time of the emulation, which says nothing of a GPU.</summary>
    public int EventElapsedTime(out float milliseconds, nint start, nint end)
    {
        milliseconds = 0;
        if (!HasContext)
            return InvalidContext;
        if (!events.TryGetValue(start, out long from) || !events.TryGetValue(end, out long to))
            return InvalidHandle;
        milliseconds = (float)Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
        return 0;
    }

    public int EventDestroy(nint handle) => !HasContext ? InvalidContext : events.TryRemove(handle, out _) ? 0 : InvalidHandle;

    public int GetErrorName(int error, out nint text)
    {
        text = Text(error, error switch
        {
            0 => "CUDA_SUCCESS", InvalidValue => "CUDA_ERROR_INVALID_VALUE", 101 => "CUDA_ERROR_INVALID_DEVICE", InvalidContext => "CUDA_ERROR_INVALID_CONTEXT", InvalidPtx => "CUDA_ERROR_INVALID_PTX",
            OutOfMemory => "CUDA_ERROR_OUT_OF_MEMORY", CaptureUnsupported => "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", CaptureWrongThread => "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD",
            InvalidHandle => "CUDA_ERROR_INVALID_HANDLE", NotFound => "CUDA_ERROR_NOT_FOUND", 701 => "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", _ => "CUDA_ERROR_UNKNOWN",
        });
        return 0;
    }

    public int GetErrorString(int error, out nint text)
    {
        text = Text(~error, error switch
        {
            0 => "no error", InvalidValue => "invalid argument", 101 => "invalid device ordinal", InvalidContext => "invalid device context", InvalidPtx => "a PTX JIT compilation failed",
            OutOfMemory => "out of memory", CaptureUnsupported => "operation not permitted when stream is capturing", CaptureWrongThread => "stream is captured by another thread",
            InvalidHandle => "invalid resource handle", NotFound => "named symbol not found", 701 => "too many resources requested for launch", _ => "unknown error",
        });
        return 0;
    }

    private nint Text(int key, string value) => texts.GetOrAdd(key, _ => Marshal.StringToCoTaskMemUTF8(value));

    public int TensorMapEncodeTiled(void* map, int dataType, uint rank, nint globalAddress, ulong* globalDim, ulong* globalStrides, uint* boxDim, uint* elementStrides,
        int interleave, int swizzle, int l2Promotion, int outOfBoundsFill) =>
        !HasContext ? InvalidContext
        : Hopper.TensorMap.Encode((Hopper.TensorMap*)map, dataType, rank, globalAddress, globalDim, globalStrides, boxDim, elementStrides, interleave, swizzle, l2Promotion, outOfBoundsFill) ? 0 : InvalidValue;
}
