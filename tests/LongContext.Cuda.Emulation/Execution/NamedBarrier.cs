namespace LongContext.Cuda.Emulation.Execution;

/// <summary>One of a block's 16 barriers. Arriving passes on what a warp has done; leaving takes up what all have done.</summary>
internal sealed class NamedBarrier(int id, int warps)
{
    private readonly List<Warp> waiting = new(warps);
    private readonly bool[] arrived = new bool[warps];
    private readonly uint[] clock = new uint[Checking.SharedMemory.Slots];
    private readonly uint[] fenced = new uint[Checking.SharedMemory.Slots];
    private int expected;
    private int threads;

    public void Reset()
    {
        waiting.Clear();
        Clear();
    }

    private void Clear()
    {
        Array.Clear(arrived);
        Array.Clear(clock);
        Array.Clear(fenced);
        expected = threads = 0;
    }

    /// <summary>Returns whether the barrier opened.</summary>
    public bool Arrive(Warp w, int count, bool wait)
    {
        if (threads == 0)
            expected = count;
        else if (expected != count)
            throw w.Fault(EmulationFault.Barrier, w.Mask, $"barrier {id} is used for {count} threads while others wait at it for {expected}");
        if (arrived[w.Index])
            throw w.Fault(EmulationFault.Barrier, w.Mask, $"warp {w.Index} arrives twice at barrier {id} before it opens");
        arrived[w.Index] = true;
        threads += 32;
        VectorClock.Join(clock, w.Clock);
        VectorClock.Join(fenced, w.Fenced);
        w.Clock[w.Index]++;
        w.LaneEpoch++;
        if (wait)
        {
            waiting.Add(w);
            w.Suspend($"waits at barrier {id} ({threads} of {expected} threads)");
        }
        if (threads < expected)
            return false;
        foreach (Warp other in waiting)
        {
            VectorClock.Join(other.Clock, clock);
            VectorClock.Join(other.Fenced, fenced);
            other.Status = WarpStatus.Ready;
        }
        Reset();
        return true;
    }
}

internal static class VectorClock
{
    public static void Join(uint[] into, uint[] from)
    {
        for (int i = 0; i < into.Length; i += System.Numerics.Vector<uint>.Count)
            System.Numerics.Vector.Max(new System.Numerics.Vector<uint>(into, i), new System.Numerics.Vector<uint>(from, i)).CopyTo(into, i);
    }
}
