using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>
/// An mbarrier object: a phase ends when all arrivals it expects have come and all bytes it expects were copied. Each phase passes on
/// what those that arrived had done.
/// </summary>
internal sealed class MemoryBarrier(uint address, uint count, Warp creator, uint slot)
{
    private const int MostBytes = (1 << 20) - 1;
    private readonly uint createdAt = creator.Clock[creator.Index];
    private readonly int creatorIndex = creator.Index;
    private readonly uint[] gathering = new uint[Checking.SharedMemory.Slots];
    private readonly uint[] gatheringFenced = new uint[Checking.SharedMemory.Slots];
    private readonly uint[] passed = new uint[Checking.SharedMemory.Slots];
    private readonly uint[] passedFenced = new uint[Checking.SharedMemory.Slots];

    public uint Address { get; } = address;

    /// <summary>The actor behind copies that this barrier counts.</summary>
    public uint Slot { get; } = slot;

    public uint Time { get; private set; } = 1;

    public long Phase { get; private set; }

    public long Pending { get; private set; } = count;

    public long Bytes { get; private set; }

    /// <summary>A fence has made the new barrier known to the copy engines.</summary>
    public bool Announced { get; set; }

    public int Creator => creatorIndex;

    public string Standing => $"the barrier at shared address {Address} (phase {Phase}, {Pending} arrivals and {Bytes} bytes missing)";

    /// <summary>Whoever uses the barrier must know that it was made.</summary>
    public void CheckKnown(Warp w, uint lanes)
    {
        if (w.Index != creatorIndex && w.Clock[creatorIndex] < createdAt)
            throw w.Fault(EmulationFault.Race, lanes, $"{Standing} is used by warp {w.Index} without synchronisation with warp {creatorIndex}, which made it");
    }

    /// <summary>Returns the phase that the arrival belongs to.</summary>
    public long Arrive(Warp w, uint lanes, long arrivals)
    {
        if (arrivals < 1 || arrivals > Pending)
            throw w.Fault(EmulationFault.Barrier, lanes, $"{arrivals} arrivals at {Standing}: more than it waits for");
        VectorClock.Join(gathering, w.Clock);
        VectorClock.Join(gatheringFenced, w.Fenced);
        w.Clock[w.Index]++;
        long phase = Phase;
        Pending -= arrivals;
        End(w.Block);
        return phase;
    }

    public void Expect(Warp w, uint lanes, long bytes)
    {
        if (bytes < 0 || Bytes + bytes > MostBytes)
            throw w.Fault(EmulationFault.Barrier, lanes, $"{bytes} bytes expected at {Standing}: at most {MostBytes} can be");
        Bytes += bytes;
    }

    /// <summary>Bytes have arrived; they may come before they are expected.</summary>
    public void Complete(BlockRunner block, long bytes)
    {
        Bytes -= bytes;
        gathering[Slot] = Math.Max(gathering[Slot], Time);
        Time++;
        End(block);
    }

    private void End(BlockRunner block)
    {
        block.Events++;
        if (Pending > 0 || Bytes != 0)
            return;
        VectorClock.Join(passed, gathering);
        VectorClock.Join(passedFenced, gatheringFenced);
        Phase++;
        Pending = count;
    }

    /// <summary>Whether the phase has ended; the asker then knows what those that arrived knew.</summary>
    public bool Test(Warp w, bool ended)
    {
        if (ended)
        {
            w.LaneEpoch++;
            VectorClock.Join(w.Clock, passed);
            VectorClock.Join(w.Fenced, passedFenced);
        }
        return ended;
    }
}
