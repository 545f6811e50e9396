using System.Runtime.CompilerServices;
using LongContext.Cuda.Emulation.Hopper;

namespace LongContext.Cuda.Emulation.Execution;

internal enum WarpStatus
{
    Ready, Waiting, Polling, Done,
}

/// <summary>32 threads with a register file. The lanes at the smallest instruction run first, so that structured code meets again.</summary>
internal sealed unsafe class Warp(BlockRunner block, int index)
{
    private readonly int[] groupPc = new int[32];
    private readonly uint[] groupMask = new uint[32];
    private readonly bool[] groupParked = new bool[32];
    private int groups;
    private bool favourLater;

    public readonly BlockRunner Block = block;
    public readonly int Index = index;

    /// <summary>The register file: a 32-bit register is 32 consecutive words, one a lane; a predicate is one word.</summary>
    public byte* Registers;

    public byte* Local;
    public int Pc;

    /// <summary>Lanes that run now, all at <see cref="Pc"/>.</summary>
    public uint Mask;

    /// <summary>Lanes that exist and have not exited.</summary>
    public uint Live;

    public uint Existing;
    public int Quantum;
    public WarpStatus Status;
    public string Waiting = "";
    public long PolledAt;
    public Instruction Current = null!;
    public uint[] Written = [];
    /// <summary>For each register that wgmma uses: products under way that accumulate there (low half) or read it (high half).</summary>
    public ushort[] AsyncUse = [];

    /// <summary>Whether such a register was written since the last wgmma.fence.</summary>
    public byte[] AsyncDirty = [];
    public WarpgroupState? Warpgroup;
    public int RegisterLimit;

    /// <summary>Groups of bulk stores that each lane has committed.</summary>
    public readonly int[] BulkGroups = new int[32];
    public readonly WarpgroupProducts Products = new();
    public readonly AsyncCopies Copies = new();

    /// <summary>What this warp knows to have happened: for each actor its time. The own entry is the present.</summary>
    public readonly uint[] Clock = new uint[Checking.SharedMemory.Slots];

    /// <summary>Counts the warp's own synchronisations, for the order between its lanes.</summary>
    public uint LaneEpoch = 1;

    /// <summary>The part of it that a proxy fence has made visible to asynchronous copies and products.</summary>
    public readonly uint[] Fenced = new uint[Checking.SharedMemory.Slots];

    public bool Diverged => groups > 0;

    public void Start(uint lanes)
    {
        Existing = Live = Mask = lanes;
        Pc = 0;
        groups = 0;
        favourLater = false;
        Status = lanes == 0 ? WarpStatus.Done : WarpStatus.Ready;
        Array.Clear(Written);
        Array.Clear(AsyncUse);
        Array.Clear(AsyncDirty);
        Copies.Reset();
        Array.Clear(BulkGroups);
        Array.Clear(Clock);
        Array.Clear(Fenced);
        Clock[Index] = 1;
    }

    /// <summary>Runs until the quantum is used up, the warp blocks or ends; returns the instructions run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Run(int quantum, long* hits)
    {
        Instruction[] code = Block.Kernel.Code;
        Quantum = quantum;
        int run = 0;
        while (--Quantum >= 0)
        {
            if (groups != 0)
                Reconcile();
            Instruction instruction = code[Pc];
            Current = instruction;
            hits[Pc]++;
            run++;
            uint mask = Mask;
            if (instruction.Guard >= 0)
                mask &= *(uint*)(Registers + instruction.Guard) ^ instruction.GuardFlip;
            Pc++;
            if (mask != 0)
                instruction.Execute(this, mask);
        }
        return run;
    }

    /// <summary>Lets this warp's turn end after the instruction that runs.</summary>
    public void Suspend(string waiting)
    {
        Status = WarpStatus.Waiting;
        Waiting = waiting;
        Quantum = 0;
    }

    /// <summary>A question to a barrier was answered with no: others run before it is asked again.</summary>
    public void Poll(string waiting)
    {
        Status = WarpStatus.Polling;
        Waiting = waiting;
        PolledAt = Block.Events;
        favourLater = !favourLater && groups > 0;
        Quantum = 0;
    }

    public void Branch(uint taken, int target)
    {
        if (taken == Mask)
        {
            Pc = target;
            return;
        }
        Push(target, taken, false);
        Mask &= ~taken;
    }

    public void Exit(uint lanes)
    {
        Live &= ~lanes;
        Mask &= ~lanes;
        for (int i = 0; i < groups; i++)
            groupParked[i] = false;
        if (Mask != 0)
            return;
        if (groups > 0)
            Pop();
        else
        {
            Status = WarpStatus.Done;
            Quantum = 0;
        }
    }

    /// <summary>Whether all needed lanes execute the instruction now; where not, these wait for the others to come.</summary>
    public bool Converged(uint mask, uint needed)
    {
        needed &= Live;
        uint missing = needed & ~mask;
        if (missing == 0)
            return true;
        if ((missing & Mask) != 0)
            throw Fault(EmulationFault.Divergence, mask, $"lanes {missing & Mask:x8} of the warp do not take part (guard false)");
        bool any = false;
        for (int i = 0; i < groups; i++)
            any |= !groupParked[i];
        if (!any)
            throw Fault(EmulationFault.Divergence, mask, $"waits for lanes {missing:x8}, which stand at {Positions()}");
        Push(Pc - 1, Mask, true);
        Mask = 0;
        Pop();
        return false;
    }

    public string Positions()
    {
        var places = new List<string>();
        for (int i = 0; i < groups; i++)
            places.Add($"line {Block.Kernel.Code[groupPc[i]].Source.Line} (lanes {groupMask[i]:x8})");
        return places.Count == 0 ? $"line {Current.Source.Line}" : string.Join(", ", places);
    }

    private void Push(int pc, uint mask, bool parked)
    {
        for (int i = 0; i < groups; i++)
        {
            if (groupPc[i] == pc)
            {
                groupMask[i] |= mask;
                groupParked[i] = false;
                return;
            }
        }
        groupPc[groups] = pc;
        groupMask[groups] = mask;
        groupParked[groups++] = parked;
    }

    private void Pop()
    {
        int best = -1;
        for (int i = 0; i < groups; i++)
        {
            if (!groupParked[i] && (best < 0 || (favourLater ? groupPc[i] > groupPc[best] : groupPc[i] < groupPc[best])))
                best = i;
        }
        if (best < 0)
            best = 0; // All are parked: the first one reports the fault.
        Pc = groupPc[best];
        Mask = groupMask[best];
        Remove(best);
    }

    private void Remove(int i)
    {
        groups--;
        groupPc[i] = groupPc[groups];
        groupMask[i] = groupMask[groups];
        groupParked[i] = groupParked[groups];
    }

    private void Reconcile()
    {
        for (int i = groups - 1; i >= 0; i--)
        {
            if (groupPc[i] == Pc)
            {
                Mask |= groupMask[i];
                Remove(i);
            }
        }
        for (int i = 0; i < groups; i++)
        {
            if (!groupParked[i] && (favourLater ? groupPc[i] > Pc : groupPc[i] < Pc))
            {
                Push(Pc, Mask, false);
                Mask = 0;
                Pop();
                return;
            }
        }
    }

    public EmulationException Fault(EmulationFault fault, uint lanes, string message)
    {
        int lane = lanes == 0 ? 0 : System.Numerics.BitOperations.TrailingZeroCount(lanes);
        return new EmulationException(fault,
            $"{message}\n  at {Block.Kernel.Module.File}({Current.Source.Line}): {Current.Source.Text}\n"
            + $"  kernel {Block.Kernel.Name}, block ({Block.X}, {Block.Y}, {Block.Z}), thread {(Index * 32) + lane} (warp {Index}, lane {lane})");
    }
}
