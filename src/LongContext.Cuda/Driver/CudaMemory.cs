using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>Memory that a driver gave: a GPU's (<see cref="CudaBuffer"/>), or the host's that a GPU copies by itself (<see cref="PinnedBuffer"/>).</summary>
public abstract class CudaMemory : SafeHandle
{
    /// <summary>Takes memory that was just made; it is freed with this.</summary>
    private protected CudaMemory(CudaContext context, long bytes, nint address)
        : base(0, ownsHandle: true)
    {
        (Context, Bytes) = (context, bytes);
        context.Hold();
        SetHandle(address);
    }

    /// <summary>Size in bytes.</summary>
    public long Bytes { get; }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>Where it lies, good until it is disposed or no longer referenced: keep the object until the kernels and copies that use it are done.</summary>
    /// <exception cref="ObjectDisposedException">It was freed.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    private protected CudaContext Context { get; }

    /// <summary>What every kind checks before it asks the driver.</summary>
    private protected static CudaContext Checked(CudaContext context, long bytes)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        return context;
    }
}
