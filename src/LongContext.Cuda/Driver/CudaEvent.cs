using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>A point in a stream whose time the GPU takes.</summary>
public sealed class CudaEvent : SafeHandle
{
    private readonly CudaContext context;

    /// <summary>Makes an event that takes times.</summary>
    /// <param name="context">Where.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaEvent(CudaContext context)
        : base(0, ownsHandle: true)
    {
        ArgumentNullException.ThrowIfNull(context);
        this.context = context;
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.EventCreate(out nint created, 0), "cuEventCreate");
        context.Hold();
        SetHandle(created);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>Marks the place in the stream behind all that was launched on it so far.</summary>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    /// <exception cref="ObjectDisposedException">The event was disposed.</exception>
    public void Record(nint stream = 0)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.EventRecord(handle, stream), "cuEventRecord");
    }

    /// <summary>Milliseconds on the GPU from this event to a later one, which is waited for; about half a microsecond fine.</summary>
    /// <param name="end">The later event.</param>
    /// <exception cref="CudaException">One was not recorded, or a kernel between them failed.</exception>
    /// <exception cref="ObjectDisposedException">One was disposed.</exception>
    public float MillisecondsTo(CudaEvent end)
    {
        ArgumentNullException.ThrowIfNull(end);
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ObjectDisposedException.ThrowIf(end.IsClosed, end);
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.EventSynchronize(end.handle), "cuEventSynchronize");
        CudaException.ThrowIfFailed(context.Driver, context.Driver.EventElapsedTime(out float milliseconds, handle, end.handle), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => context.Free(handle, static (driver, held) => driver.EventDestroy(held));
}
