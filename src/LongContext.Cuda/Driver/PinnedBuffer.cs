namespace LongContext.Cuda.Driver;

/// <summary>Host memory that stays where it is, so that the GPU copies from and to it by itself: fast, beside kernels, and within graphs.</summary>
public sealed unsafe class PinnedBuffer : CudaMemory
{
    /// <summary>Allocates; the contents are undefined.</summary>
    /// <param name="context">For whose GPU.</param>
    /// <param name="bytes">How much; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    /// <exception cref="CudaException">The system has not that much.</exception>
    public PinnedBuffer(CudaContext context, long bytes)
        : base(context, bytes, Allocate(Checked(context, bytes), bytes))
    {
    }

    /// <summary>Puts a copy from the start of this memory to the device on a stream and returns at once: the contents must stay until the stream is there.</summary>
    /// <param name="destination">Device address.</param>
    /// <param name="bytes">How many; must fit.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not that many.</exception>
    /// <exception cref="CudaException">The driver refused it.</exception>
    public void CopyTo(nint destination, long bytes, nint stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Bytes);
        if (bytes == 0) return;
        using CurrentContext current = Context.Enter();
        CudaException.ThrowIfFailed(Context.Driver, Context.Driver.MemoryCopyToDevice(destination, (void*)Address, (nuint)bytes, stream), "cuMemcpyHtoDAsync");
    }

    /// <summary>Puts a copy from the device to the start of this memory on a stream and returns at once: the contents are there when the stream is.</summary>
    /// <param name="source">Device address.</param>
    /// <param name="bytes">How many; must fit.</param>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not that many.</exception>
    /// <exception cref="CudaException">The driver refused it.</exception>
    public void CopyFrom(nint source, long bytes, nint stream) => CopyFrom(source, 0, bytes, stream);

    /// <summary>The same to a place within this memory.</summary>
    internal void CopyFrom(nint source, long offset, long bytes, nint stream)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Bytes - offset);
        if (bytes == 0) return;
        using CurrentContext current = Context.Enter();
        CudaException.ThrowIfFailed(Context.Driver, Context.Driver.MemoryCopyToHost((void*)(Address + (nint)offset), source, (nuint)bytes, stream), "cuMemcpyDtoHAsync");
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => Context.Free(handle, static (driver, held) => driver.HostFree(held));

    private static nint Allocate(CudaContext context, long bytes)
    {
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.HostAllocate(out nint pointer, (nuint)bytes, 0), $"cuMemHostAlloc({bytes:N0} bytes)");
        return pointer;
    }
}
