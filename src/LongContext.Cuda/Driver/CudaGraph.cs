using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>Launches and copies that were captured on a stream (<see cref="CudaStream.Capture"/>) and run together, for the cost of about one launch.</summary>
public sealed class CudaGraph : SafeHandle
{
    private readonly CudaContext context;

    /// <summary>Makes a captured graph executable; the graph itself is given back either way.</summary>
    internal CudaGraph(CudaContext context, nint graph)
        : base(0, ownsHandle: true)
    {
        this.context = context;
        using CurrentContext current = context.Enter();
        int status = context.Driver.GraphInstantiate(out nint executable, graph, 0);
        _ = context.Driver.GraphDestroy(graph);
        CudaException.ThrowIfFailed(context.Driver, status, "cuGraphInstantiateWithFlags");
        context.Hold();
        SetHandle(executable);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>Puts the graph on a stream and returns at once. Allocates nothing.</summary>
    /// <param name="stream">The stream; 0 for the default stream.</param>
    /// <exception cref="CudaException">The driver refused it; what its kernels do wrong shows at a later call.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public void Launch(nint stream)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.GraphLaunch(handle, stream), "cuGraphLaunch");
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle() => context.Free(handle, static (driver, held) => driver.GraphExecutableDestroy(held));
}
