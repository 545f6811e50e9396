using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation;

/// <summary>Streams and graphs: everything runs when it is put on a stream, but for what is put on one that captures, which runs with the graph.</summary>
public sealed unsafe partial class EmulatedDriver
{
    private readonly ConcurrentDictionary<nint, EmulatedStream> streams = new();
    private readonly ConcurrentDictionary<nint, List<Action>> graphs = new();
    private readonly ConcurrentDictionary<nint, Action[]> executables = new();
    private readonly ConcurrentDictionary<nint, nuint> hostMemory = new();

    /// <summary>Graphs launched so far.</summary>
    public int GraphLaunches { get; private set; }

    /// <summary>Whether graphs that are launched run; where not, they are counted, so that what a host does for a launch can be looked at alone.</summary>
    public bool RunsGraphs { get; set; } = true;

    /// <summary>Whether no graph can be made, as by a driver that is out of memory for it.</summary>
    public bool RefusesGraphs { get; set; }

    /// <summary>Streams, graphs, executables and pinned pieces of memory that were made and not given back.</summary>
    public int LiveHandles => streams.Count + graphs.Count + executables.Count + hostMemory.Count;

    public int StreamCreate(out nint stream, uint flags)
    {
        stream = 0;
        if (!HasContext)
            return InvalidContext;
        stream = NewHandle();
        streams[stream] = new EmulatedStream();
        return flags <= 1 ? 0 : InvalidValue;
    }

    public int StreamDestroy(nint stream) => !HasContext ? InvalidContext : streams.TryRemove(stream, out _) ? 0 : InvalidHandle;

    public int StreamSynchronize(nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        return stream == 0 ? 0 : !streams.TryGetValue(stream, out EmulatedStream? found) ? InvalidHandle : found.Captured is null ? 0 : CaptureUnsupported;
    }

    public int StreamBeginCapture(nint stream, int mode)
    {
        if (!HasContext)
            return InvalidContext;
        if (!streams.TryGetValue(stream, out EmulatedStream? found) || mode is < 0 or > 2)
            return stream == 0 ? CaptureUnsupported : InvalidHandle;
        if (found.Captured is not null)
            return InvalidValue;
        (found.Captured, found.Thread) = ([], Environment.CurrentManagedThreadId);
        return 0;
    }

    public int StreamEndCapture(nint stream, out nint graph)
    {
        graph = 0;
        if (!HasContext)
            return InvalidContext;
        if (!streams.TryGetValue(stream, out EmulatedStream? found) || found.Captured is not { } captured)
            return InvalidValue;
        if (found.Thread != Environment.CurrentManagedThreadId)
            return CaptureWrongThread;
        found.Captured = null;
        graph = NewHandle();
        graphs[graph] = captured;
        return 0;
    }

    public int GraphInstantiate(out nint executable, nint graph, ulong flags)
    {
        executable = 0;
        if (!HasContext)
            return InvalidContext;
        if (!graphs.TryGetValue(graph, out List<Action>? captured))
            return InvalidHandle;
        if (RefusesGraphs)
            return OutOfMemory;
        executable = NewHandle();
        executables[executable] = [.. captured];
        return 0;
    }

    public int GraphLaunch(nint executable, nint stream)
    {
        if (!HasContext)
            return InvalidContext;
        if (!executables.TryGetValue(executable, out Action[]? captured) || (stream != 0 && !streams.ContainsKey(stream)))
            return InvalidHandle;
        if (CaptureOf(stream) is not null)
            return CaptureUnsupported; // child graphs are none of what is used
        GraphLaunches++;
        if (!RunsGraphs)
            return 0;
        foreach (Action action in captured)
            action();
        return 0;
    }

    public int GraphExecutableDestroy(nint executable) => !HasContext ? InvalidContext : executables.TryRemove(executable, out _) ? 0 : InvalidHandle;

    public int GraphDestroy(nint graph) => !HasContext ? InvalidContext : graphs.TryRemove(graph, out _) ? 0 : InvalidHandle;

    public int HostAllocate(out nint address, nuint bytes, uint flags)
    {
        address = 0;
        if (!HasContext)
            return InvalidContext;
        if (bytes == 0)
            return InvalidValue;
        address = (nint)NativeMemory.AllocZeroed(bytes);
        hostMemory[address] = bytes;
        return 0;
    }

    public int HostFree(nint address)
    {
        if (!HasContext)
            return InvalidContext;
        if (!hostMemory.TryRemove(address, out _))
            return InvalidValue;
        NativeMemory.Free((void*)address);
        return 0;
    }

    /// <summary>What a stream has captured; null where it runs things. A handle that no stream has is the launch's own to refuse.</summary>
    private List<Action>? CaptureOf(nint stream) => stream != 0 && streams.TryGetValue(stream, out EmulatedStream? found) ? found.Captured : null;

    private int RunOrCapture(nint stream, Action action, nint pinned = 0, long bytes = 0)
    {
        if (CaptureOf(stream) is not { } capture)
        {
            action();
            return 0;
        }

        // A graph reads host memory when it runs: only pinned memory is sure to be there.
        if (pinned != 0 && !hostMemory.Any(known => pinned >= known.Key && pinned + bytes <= known.Key + (nint)known.Value))
            return CaptureUnsupported;
        capture.Add(action);
        return 0;
    }

    private void DisposeGraphs()
    {
        foreach (nint address in hostMemory.Keys)
            NativeMemory.Free((void*)address);
        hostMemory.Clear();
        foreach (nint address in reservations.Keys)
            Free(address);
    }

    private sealed class EmulatedStream
    {
        public List<Action>? Captured { get; set; }

        public int Thread { get; set; }
    }
}
