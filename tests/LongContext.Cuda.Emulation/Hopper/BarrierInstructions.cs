using System.Numerics;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

internal enum BarrierAction
{
    Initialise, Invalidate, Arrive, ArriveExpect, Expect, Complete, TestState, TestParity, CopyArrive,
}

/// <summary>The mbarrier instructions, for each lane.</summary>
internal sealed unsafe class BarrierInstruction(BarrierAction action, int d, AddressSource address, int operand, bool polls, bool increments) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        BlockHopper hopper = w.Block.Hopper;
        uint result = 0;
        string waiting = "";
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            long at = address.Get(w.Registers, lane);
            if (AddressSpaces.Window(at) == AddressSpaces.Shared)
                at -= AddressSpaces.Shared;
            uint value = operand < 0 ? 1 : ((uint*)(w.Registers + operand))[lane];
            w.Block.Shared.Bounds(w, lane, at, 8, "mbarrier");
            w.Block.Shared.Aligned(w, lane, at, 8, "mbarrier");
            if (action == BarrierAction.Initialise)
            {
                hopper.Create(w, lane, (uint)at, value);
                continue;
            }
            MemoryBarrier barrier = hopper.Barrier(w, lane, at);
            switch (action)
            {
                case BarrierAction.Invalidate:
                    hopper.Remove(barrier);
                    break;
                case BarrierAction.Arrive:
                    Return(w, lane, barrier.Arrive(w, 1u << lane, value));
                    break;
                case BarrierAction.ArriveExpect:
                    barrier.Expect(w, 1u << lane, value);
                    Return(w, lane, barrier.Arrive(w, 1u << lane, 1));
                    break;
                case BarrierAction.Expect:
                    barrier.Expect(w, 1u << lane, value);
                    break;
                case BarrierAction.Complete:
                    barrier.Complete(w.Block, value);
                    break;
                case BarrierAction.CopyArrive:
                    ArriveAfterCopies(w, lane, barrier);
                    break;
                case BarrierAction.TestState:
                    ulong state = ((ulong*)(w.Registers + operand))[lane];
                    if (state != (ulong)barrier.Phase && state != (ulong)barrier.Phase - 1)
                        throw w.Fault(EmulationFault.Barrier, 1u << lane, $"the state asked for is neither of the current nor of the preceding phase of {barrier.Standing}");
                    result |= (barrier.Test(w, (ulong)barrier.Phase > state) ? 1u : 0) << lane;
                    waiting = barrier.Standing;
                    break;
                default:
                    if (value > 1)
                        throw w.Fault(EmulationFault.Argument, 1u << lane, $"phase parity {value}: 0 or 1 is expected");
                    result |= (barrier.Test(w, (barrier.Phase & 1) != value) ? 1u : 0) << lane;
                    waiting = barrier.Standing;
                    break;
            }
        }
        if (action is not (BarrierAction.TestState or BarrierAction.TestParity))
            return;
        Predicates.Set(w, d, result, mask);
        if (result != mask && polls)
            w.Poll("asks for " + waiting);
    }

    private void Return(Warp w, int lane, long phase)
    {
        if (d >= 0)
            ((long*)(w.Registers + d))[lane] = phase;
    }

    /// <summary>cp.async.mbarrier.arrive: the lane's copies are carried out, then it arrives; without .noinc it is counted beforehand.</summary>
    private void ArriveAfterCopies(Warp w, int lane, MemoryBarrier barrier)
    {
        int* group = stackalloc int[32];
        for (int i = 0; i < 32; i++)
            group[i] = int.MaxValue;
        CopyAsync.Complete(w, 1u << lane, group);
        if (!increments)
            barrier.Arrive(w, 1u << lane, 1);
    }
}

/// <summary>fence.proxy.async: ordinary writes that are ordered before it become visible to asynchronous copies and products ordered after it.</summary>
internal sealed class ProxyFence : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        VectorClock.Join(w.Fenced, w.Clock);
        w.Clock[w.Index]++;
        w.Block.Hopper.Announce(w);
    }
}

/// <summary>fence.mbarrier_init: barriers made by this warp become known to the copy engines.</summary>
internal sealed class BarrierInitFence : Instruction
{
    public override void Execute(Warp w, uint mask) => w.Block.Hopper.Announce(w);
}

/// <summary>barrier.cluster: a cluster has one block here, so it is a barrier of the block in two halves.</summary>
internal sealed class ClusterBarrierInstruction(bool arrive) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (arrive)
            w.Block.Hopper.ClusterArrive(w);
        else if (!w.Block.Hopper.ClusterWait(w))
        {
            w.Pc--;
            w.Poll("waits at the cluster's barrier");
        }
    }
}

/// <summary>setmaxnreg: a warp gives registers back to its block's pool or takes some, waiting until there are enough.</summary>
internal sealed class RegisterCount(bool increase, int count) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        if (!w.Converged(mask, ~0u))
            return;
        if (!w.Block.Hopper.SetRegisters(w, increase, count))
        {
            w.Pc--;
            w.Poll($"waits for {count} registers a thread");
        }
    }
}
