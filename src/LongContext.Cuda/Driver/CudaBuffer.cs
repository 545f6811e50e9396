namespace LongContext.Cuda.Driver;

/// <summary>Device memory of a context. Copies are in order with the default stream; downloads wait for it.</summary>
public sealed unsafe class CudaBuffer : CudaMemory
{
    /// <summary>Allocates; the contents are undefined.</summary>
    /// <param name="context">Where.</param>
    /// <param name="bytes">How much; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    /// <exception cref="CudaException">The GPU has not that much.</exception>
    public CudaBuffer(CudaContext context, long bytes)
        : base(context, bytes, Allocate(Checked(context, bytes), bytes))
    {
    }

    /// <summary>Copies to the start of the buffer.</summary>
    /// <typeparam name="T">Type of the elements.</typeparam>
    /// <param name="values">What to copy; must fit.</param>
    /// <exception cref="ArgumentException">The values do not fit.</exception>
    /// <exception cref="CudaException">The copy, or a kernel before it, failed.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public void Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        CheckFits((long)values.Length * sizeof(T));
        if (values.IsEmpty) return;
        using CurrentContext current = Context.Enter();
        fixed (T* source = values)
        {
            CudaException.ThrowIfFailed(
                Context.Driver, Context.Driver.MemoryCopyToDevice(Address, source, (nuint)((long)values.Length * sizeof(T)), 0), "cuMemcpyHtoDAsync");
            // The driver may still read the source after the call returns, where it is pinned by its owner: wait before it moves.
            CudaException.ThrowIfFailed(Context.Driver, Context.Driver.StreamSynchronize(0), "cuStreamSynchronize");
        }
    }

    /// <summary>Copies from the start of the buffer, after all that was launched on the default stream.</summary>
    /// <typeparam name="T">Type of the elements.</typeparam>
    /// <param name="count">How many.</param>
    /// <returns>The values, in memory of the host.</returns>
    /// <exception cref="ArgumentException">The buffer has not that many.</exception>
    /// <exception cref="CudaException">The copy, or a kernel before it, failed.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public T[] Download<T>(int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        CheckFits((long)count * sizeof(T));
        var values = new T[count];
        if (count == 0) return values;
        using CurrentContext current = Context.Enter();
        fixed (T* destination = values)
        {
            CudaException.ThrowIfFailed(
                Context.Driver, Context.Driver.MemoryCopyToHost(destination, Address, (nuint)((long)count * sizeof(T)), 0), "cuMemcpyDtoHAsync");
            CudaException.ThrowIfFailed(Context.Driver, Context.Driver.StreamSynchronize(0), "cuStreamSynchronize");
        }

        return values;
    }

    /// <summary>Sets every byte.</summary>
    /// <param name="value">The byte.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    /// <exception cref="ObjectDisposedException">The buffer was freed.</exception>
    public void Fill(byte value)
    {
        using CurrentContext current = Context.Enter();
        CudaException.ThrowIfFailed(Context.Driver, Context.Driver.MemorySet(Address, value, (nuint)Bytes, 0), "cuMemsetD8Async");
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => Context.Free(handle, static (driver, held) => driver.MemoryFree(held));

    private static nint Allocate(CudaContext context, long bytes)
    {
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.MemoryAllocate(out nint pointer, (nuint)bytes), $"cuMemAlloc({bytes:N0} bytes)");
        return pointer;
    }

    private void CheckFits(long bytes)
    {
        if (bytes > Bytes) throw new ArgumentException($"{bytes:N0} bytes do not fit a buffer of {Bytes:N0}.");
    }
}
