namespace LongContext.Cuda.Emulation.Execution;

internal sealed class BranchInstruction(int target) : Instruction
{
    public int Target => target;

    public override void Execute(Warp w, uint mask) => w.Branch(mask, target);
}

internal sealed class ExitInstruction : Instruction
{
    public override void Execute(Warp w, uint mask) => w.Exit(mask);
}

internal sealed class TrapInstruction : Instruction
{
    public override void Execute(Warp w, uint mask) => throw w.Fault(EmulationFault.Trap, mask, "the kernel traps");
}

internal sealed class SleepInstruction : Instruction
{
    public override void Execute(Warp w, uint mask) => w.Quantum = 0;
}

/// <summary>bar.sync and bar.arrive. All lanes of a warp that have not exited take part.</summary>
internal sealed unsafe class BlockBarrier(int id, int count, bool wait) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        uint barrier = Uniform(w, id, mask), threads = count < 0 ? 0 : Uniform(w, count, mask);
        if (count >= 0 && threads == 0)
            throw w.Fault(EmulationFault.Barrier, mask, "a barrier for 0 threads");
        w.Block.Barrier(w, barrier, threads, wait);
    }

    private static uint Uniform(Warp w, int slot, uint mask)
    {
        uint* x = (uint*)(w.Registers + slot);
        uint first = x[System.Numerics.BitOperations.TrailingZeroCount(mask)];
        for (uint m = mask; m != 0; m &= m - 1)
        {
            if (x[System.Numerics.BitOperations.TrailingZeroCount(m)] != first)
                throw w.Fault(EmulationFault.Barrier, mask, "lanes of one warp name different barriers or thread counts");
        }
        return first;
    }
}
