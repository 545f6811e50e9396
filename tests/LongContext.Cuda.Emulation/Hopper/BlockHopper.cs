using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>What sm_90 adds to a block: memory barriers, bulk copies under way, warpgroups, the register pool.</summary>
internal sealed class BlockHopper(BlockRunner block, Warp[] warps, Random? random)
{
    private readonly Dictionary<uint, MemoryBarrier> barriers = [];
    private readonly List<BulkOperation> flying = [];
    private readonly int[] clusterPhase = new int[warps.Length];
    private readonly uint[] clusterClock = new uint[Checking.SharedMemory.Slots];
    private readonly uint[] clusterFenced = new uint[Checking.SharedMemory.Slots];
    private int clusterArrived;
    private int clusterDone;
    private uint nextSlot;

    public void Reset()
    {
        barriers.Clear();
        flying.Clear();
        Array.Clear(clusterPhase);
        Array.Clear(clusterClock);
        Array.Clear(clusterFenced);
        clusterArrived = clusterDone = 0;
        nextSlot = 0;
        for (int i = 0; i < warps.Length; i++)
        {
            if (i % 4 == 0)
                warps[i].Warpgroup = new WarpgroupState();
            else
                warps[i].Warpgroup = warps[i - (i % 4)].Warpgroup;
            warps[i].Products.Reset();
            warps[i].RegisterLimit = StartingRegisters;
        }
    }

    /// <summary>Registers a thread that a launch of this size gets at most: what an assembler that respects the launch bounds may use.</summary>
    private int StartingRegisters
    {
        get
        {
            int most = block.Kernel.Source.MaximalRegisters > 0 ? block.Kernel.Source.MaximalRegisters : 255;
            int share = Pool / (warps.Length * 32) / 8 * 8;
            return Math.Min(most, share);
        }
    }

    private int Pool => 65536 / Math.Max(1, block.Kernel.Source.MinimalBlocks);

    public void Create(Warp w, int lane, uint address, uint count)
    {
        if (count is 0 or >= 1 << 20)
            throw w.Fault(EmulationFault.Argument, 1u << lane, $"a barrier for {count} arrivals: 1 to {(1 << 20) - 1} are possible");
        if (barriers.ContainsKey(address))
            throw w.Fault(EmulationFault.Barrier, 1u << lane, $"shared address {address} holds a barrier already");
        w.Block.Shared.Write(w, lane, address, 8);
        w.Block.Shared.Reserve((int)address, 8, Checking.SharedMemory.BarrierState);
        barriers.Add(address, new MemoryBarrier(address, count, w, 32 + (nextSlot++ % 32)));
    }

    public MemoryBarrier Barrier(Warp w, int lane, long address)
    {
        if (!barriers.TryGetValue((uint)address, out MemoryBarrier? barrier))
            throw w.Fault(EmulationFault.Barrier, 1u << lane, $"shared address {address} holds no barrier");
        barrier.CheckKnown(w, 1u << lane);
        return barrier;
    }

    public void Remove(MemoryBarrier barrier)
    {
        barriers.Remove(barrier.Address);
        block.Shared.Reserve((int)barrier.Address, 8, 0);
    }

    public void Announce(Warp w)
    {
        foreach (MemoryBarrier barrier in barriers.Values)
        {
            if (barrier.Creator == w.Index)
                barrier.Announced = true;
        }
    }

    public void Begin(BulkOperation operation)
    {
        flying.Add(operation);
        block.Events++;
    }

    /// <summary>Stores of a lane up to a group: those are read from shared memory now, and written to global memory where <paramref name="write"/> is set.</summary>
    public void CompleteStores(Warp w, int lane, int group, bool write)
    {
        for (int i = 0; i < flying.Count; i++)
        {
            BulkOperation operation = flying[i];
            if (operation.Issuer != w || operation.Lane != lane || operation.Group > group || operation.Barrier is not null)
                continue;
            operation.Read();
            if (write)
            {
                operation.Finish();
                flying.RemoveAt(i--);
            }
        }
    }

    /// <summary>Lets asynchronous work arrive; with <paramref name="must"/> something does, if anything is under way.</summary>
    public bool Progress(bool must)
    {
        if (flying.Count == 0 || (!must && (random is null || random.Next(8) != 0)))
            return false;
        int i = random?.Next(flying.Count) ?? 0;
        // Stores are left to their waits: nobody else can wait for them.
        if (flying[i].Barrier is null)
            i = flying.FindIndex(x => x.Barrier is not null);
        if (i < 0)
            return false;
        BulkOperation operation = flying[i];
        flying.RemoveAt(i);
        operation.Finish();
        return true;
    }

    public void WarpEnds(Warp w)
    {
        if (w.Products.Count > 0)
            throw w.Fault(EmulationFault.PendingCopy, w.Existing, $"the warp ends with {w.Products.Count} wgmma not waited for");
    }

    public void CheckEnd()
    {
        foreach (BulkOperation operation in flying)
        {
            if (operation.Barrier is not null)
                throw operation.Fault(EmulationFault.PendingCopy, "the block ends while this copy into its shared memory is under way");
            if (!operation.WasRead)
                throw operation.Fault(EmulationFault.PendingCopy, "the block ends before this copy out of its shared memory was waited for (wait_group.read)");
            operation.Finish();
        }
        flying.Clear();
        for (int i = 0; i < warps.Length; i += 4)
            warps[i].Warpgroup!.CheckEnd(warps, i);
    }

    public void ClusterArrive(Warp w)
    {
        if (clusterPhase[w.Index] != clusterDone)
            throw w.Fault(EmulationFault.Barrier, w.Mask, "barrier.cluster.arrive twice without a wait between");
        clusterPhase[w.Index]++;
        VectorClock.Join(clusterClock, w.Clock);
        VectorClock.Join(clusterFenced, w.Fenced);
        w.Clock[w.Index]++;
        if (++clusterArrived == warps.Length)
        {
            clusterArrived = 0;
            clusterDone++;
        }
        block.Events++;
    }

    public bool ClusterWait(Warp w)
    {
        if (clusterPhase[w.Index] > clusterDone)
            return false;
        VectorClock.Join(w.Clock, clusterClock);
        VectorClock.Join(w.Fenced, clusterFenced);
        return true;
    }

    public bool SetRegisters(Warp w, bool increase, int count)
    {
        if (increase ? count < w.RegisterLimit : count > w.RegisterLimit)
        {
            throw w.Fault(EmulationFault.Argument, w.Mask,
                $"setmaxnreg.{(increase ? "inc" : "dec")} to {count}: the warp has {w.RegisterLimit} registers a thread, as the launch bounds give");
        }
        int sum = 0;
        foreach (Warp other in warps)
            sum += 32 * (other == w ? count : other.RegisterLimit);
        if (sum > Pool)
            return false;
        w.RegisterLimit = count;
        block.Events++;
        return true;
    }
}
