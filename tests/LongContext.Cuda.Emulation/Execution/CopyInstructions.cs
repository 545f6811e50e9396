using System.Numerics;
using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>cp.async: checked when issued, carried out as late as allowed, when it is waited for.</summary>
internal sealed unsafe class CopyAsync(AddressSource to, AddressSource from, int bytes, int size, int ignore, int site) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        _ = ignore;
        long* targets = stackalloc long[32];
        long* sources = stackalloc long[32];
        AsyncCopy copy = w.Copies.Add(mask, bytes);
        copy.Issuer = this;
        uint reading = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            long target = targets[lane] = to.Get(w.Registers, lane), start = sources[lane] = from.Get(w.Registers, lane);
            int count = size < 0 ? bytes : (int)((uint*)(w.Registers + size))[lane];
            if ((uint)count > (uint)bytes)
                throw w.Fault(EmulationFault.Argument, 1u << lane, $"src-size {count} is larger than the {bytes} bytes copied");
            w.Block.Shared.Aligned(w, lane, target, bytes, "cp.async");
            if ((start & (bytes - 1)) != 0)
                throw w.Fault(EmulationFault.Misaligned, 1u << lane, $"cp.async of {bytes} bytes from global address {start:x}");
            if (count > 0)
            {
                reading |= 1u << lane;
                Allocation? allocation = w.Block.Sites[site];
                if (allocation is null || start < allocation.Start || start + count > allocation.End)
                    w.Block.Sites[site] = allocation = w.Block.Memory.Find(start, count) ?? throw MemoryAccess.OutOfBounds(w, lane, start, count, false);
                if (allocation.Written != null)
                    MemoryAccess.Shadow(w, lane, allocation, start, count, false);
            }
            w.Block.Shared.BeginCopy(w, lane, target, bytes, false);
            copy.Destination[lane] = (uint)target;
            copy.Source[lane] = start;
            copy.SourceBytes[lane] = count;
            copy.Group[lane] = w.Copies.Committed[lane];
        }
        if (!w.Block.Launch.Options.CountMemory)
            return;
        w.Block.Counters.Shared(Index, targets, mask, bytes);
        if (reading != 0)
            w.Block.Counters.Global(Index, sources, reading, bytes);
    }

    /// <summary>Carries out the copies of lanes for which <paramref name="group"/> and earlier groups must be complete.</summary>
    public static void Complete(Warp w, uint mask, int* group)
    {
        List<AsyncCopy> pending = w.Copies.Pending;
        for (int i = 0; i < pending.Count; i++)
        {
            AsyncCopy copy = pending[i];
            for (uint m = copy.Mask & mask; m != 0; m &= m - 1)
            {
                int lane = BitOperations.TrailingZeroCount(m);
                if (copy.Group[lane] > group[lane])
                    continue;
                byte* to = w.Block.Shared.Base + copy.Destination[lane];
                int count = copy.SourceBytes[lane];
                Buffer.MemoryCopy((void*)copy.Source[lane], to, copy.Bytes, count);
                new Span<byte>(to + count, copy.Bytes - count).Clear();
                w.Block.Shared.EndCopy((int)copy.Destination[lane], copy.Bytes, (uint)w.Index, w.Clock[w.Index]);
                copy.Mask &= ~(1u << lane);
            }
        }
        for (int i = pending.Count - 1; i >= 0; i--)
        {
            if (pending[i].Mask == 0)
                w.Copies.RemoveAt(i);
        }
    }
}

internal sealed class CommitCopies : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        for (; mask != 0; mask &= mask - 1)
            w.Copies.Committed[BitOperations.TrailingZeroCount(mask)]++;
    }
}

/// <summary>Waits until at most <paramref name="most"/> of the latest groups are under way; wait_all takes in uncommitted copies too.</summary>
internal sealed unsafe class WaitCopies(int most, bool all) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        if (w.Copies.Count == 0)
            return;
        int* group = stackalloc int[32];
        for (int i = 0; i < 32; i++)
            group[i] = all ? w.Copies.Committed[i] : w.Copies.Committed[i] - 1 - most;
        CopyAsync.Complete(w, mask, group);
    }
}
