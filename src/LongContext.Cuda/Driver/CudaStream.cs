using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>A stream of its own, which does not wait for the default stream nor that for it: whoever uses both waits in between.</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "CUDA's own word for it.")]
public sealed class CudaStream : SafeHandle
{
    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING

    /// <summary>CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do meanwhile, as libtorch allocating memory, is no fault of the capture.</summary>
    private const int ThreadLocal = 1;

    private readonly CudaContext context;

    /// <summary>Makes a stream.</summary>
    /// <param name="context">Where.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaStream(CudaContext context)
        : base(0, ownsHandle: true)
    {
        ArgumentNullException.ThrowIfNull(context);
        this.context = context;
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.StreamCreate(out nint created, NonBlocking), "cuStreamCreate");
        context.Hold();
        SetHandle(created);
    }

    /// <summary>The driver's handle, which launches take; good until the stream is disposed.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>Waits until all that was put on the stream is done, and reports what went wrong in it.</summary>
    /// <exception cref="CudaException">A kernel failed.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Synchronize() => context.Synchronize(Handle);

    /// <summary>Notes what is put on the stream, instead of running it, for a graph that runs it as often as wanted.</summary>
    /// <typeparam name="TState">What <paramref name="record"/> needs.</typeparam>
    /// <param name="state">Handed on to <paramref name="record"/>.</param>
    /// <param name="record">
    /// Puts launches and copies on the stream, from this thread. It must not wait, allocate device memory or load kernels: run it once uncaptured before.
    /// Addresses and numbers are kept as they are now; what lies at the addresses is read when the graph runs. Host memory of copies must be pinned.
    /// </param>
    /// <returns>The graph.</returns>
    /// <exception cref="CudaException">Something on the stream cannot be captured.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public CudaGraph Capture<TState>(TState state, Action<TState, nint> record)
    {
        ArgumentNullException.ThrowIfNull(record);
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.StreamBeginCapture(Handle, ThreadLocal), "cuStreamBeginCapture");
        nint graph;
        try
        {
            record(state, Handle);
        }
        catch
        {
            // The stream must not stay in capture; what the driver says of a broken one is less than what broke it.
            if (context.Driver.StreamEndCapture(Handle, out graph) == 0 && graph != 0) _ = context.Driver.GraphDestroy(graph);
            throw;
        }

        CudaException.ThrowIfFailed(context.Driver, context.Driver.StreamEndCapture(Handle, out graph), "cuStreamEndCapture");
        return new CudaGraph(context, graph);
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => context.Free(handle, static (driver, held) => driver.StreamDestroy(held));
}
