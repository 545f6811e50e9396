using System.Numerics;
using System.Runtime.CompilerServices;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>Instructions that name their lanes in a mask: all of them that have not exited must come together here.</summary>
internal abstract unsafe class SyncInstruction(int members) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void Execute(Warp w, uint mask)
    {
        uint* m = (uint*)(w.Registers + members);
        uint named = m[BitOperations.TrailingZeroCount(mask)];
        uint inside = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            if (m[lane] == named)
                inside |= 1u << lane;
            if ((m[lane] >> lane & 1) == 0)
                throw w.Fault(EmulationFault.Divergence, 1u << lane, $"lane {lane} executes this but its mask {m[lane]:x8} does not name it");
        }
        if (inside != mask)
            throw w.Fault(EmulationFault.Divergence, mask & ~inside, "lanes that run together give different masks");
        if (w.Converged(mask, named))
            Run(w, mask);
    }

    protected abstract void Run(Warp w, uint mask);
}

internal sealed class WarpBarrier(int members) : SyncInstruction(members)
{
    protected override void Run(Warp w, uint mask) => w.LaneEpoch++;
}

internal sealed unsafe class ShuffleInstruction(string mode, int d, int p, int a, int b, int c, int members) : SyncInstruction(members)
{
    private readonly int kind = mode switch { "up" => 0, "down" => 1, "bfly" => 2, _ => 3 };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(Warp w, uint mask)
    {
        uint* from = (uint*)(w.Registers + a), distance = (uint*)(w.Registers + b), clamp = (uint*)(w.Registers + c);
        uint* result = stackalloc uint[32];
        uint valid = 0;
        for (int lane = 0; lane < 32; lane++)
        {
            int n = (int)distance[lane] & 31, most = (int)clamp[lane] & 31, segment = (int)(clamp[lane] >> 8) & 31;
            int maximum = (lane & segment) | (most & ~segment), minimum = lane & segment;
            int j;
            bool inRange;
            switch (kind)
            {
                case 0:
                    j = lane - n;
                    inRange = j >= maximum;
                    break;
                case 1:
                    j = lane + n;
                    inRange = j <= maximum;
                    break;
                case 2:
                    j = lane ^ n;
                    inRange = j <= maximum;
                    break;
                default:
                    j = minimum | (n & ~segment);
                    inRange = j <= maximum;
                    break;
            }
            if (!inRange)
                j = lane;
            valid |= (inRange ? 1u : 0) << lane;
            result[lane] = from[j];
            if ((mask >> lane & 1) != 0 && (mask >> j & 1) == 0)
                throw w.Fault(EmulationFault.Divergence, 1u << lane, $"lane {lane} asks lane {j}, which does not take part");
        }
        uint* to = (uint*)(w.Registers + d);
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            to[lane] = result[lane];
        }
        if (p >= 0)
            Predicates.Set(w, p, valid, mask);
    }
}

internal sealed unsafe class VoteInstruction(string mode, int d, int p, uint flip, int members) : SyncInstruction(members)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(Warp w, uint mask)
    {
        uint votes = (*(uint*)(w.Registers + p) ^ flip) & mask;
        if (mode == "ballot")
        {
            for (uint m = mask; m != 0; m &= m - 1)
                ((uint*)(w.Registers + d))[BitOperations.TrailingZeroCount(m)] = votes;
            return;
        }
        bool result = mode switch { "all" => votes == mask, "any" => votes != 0, _ => votes == mask || votes == 0 };
        Predicates.Set(w, d, result ? ~0u : 0, mask);
    }
}

internal sealed unsafe class ActiveMask(int d) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        for (uint m = mask; m != 0; m &= m - 1)
            ((uint*)(w.Registers + d))[BitOperations.TrailingZeroCount(m)] = mask;
    }
}

internal sealed unsafe class MatchInstruction(bool all, int d, int p, int a, bool wide, int members) : SyncInstruction(members)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(Warp w, uint mask)
    {
        ulong Value(int lane) => wide ? ((ulong*)(w.Registers + a))[lane] : ((uint*)(w.Registers + a))[lane];
        uint* equal = stackalloc uint[32];
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            uint same = 0;
            for (uint n = mask; n != 0; n &= n - 1)
            {
                int other = BitOperations.TrailingZeroCount(n);
                same |= (Value(lane) == Value(other) ? 1u : 0) << other;
            }
            equal[lane] = all && same != mask ? 0 : same;
        }
        uint yes = 0;
        for (uint m = mask; m != 0; m &= m - 1)
        {
            int lane = BitOperations.TrailingZeroCount(m);
            ((uint*)(w.Registers + d))[lane] = equal[lane];
            yes |= (equal[lane] != 0 ? 1u : 0) << lane;
        }
        if (p >= 0)
            Predicates.Set(w, p, yes, mask);
    }
}

internal sealed unsafe class ReduceInstruction(string op, bool signed, int d, int a, int members) : SyncInstruction(members)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(Warp w, uint mask)
    {
        uint* x = (uint*)(w.Registers + a);
        uint result = x[BitOperations.TrailingZeroCount(mask)];
        for (uint m = mask & (mask - 1); m != 0; m &= m - 1)
        {
            uint y = x[BitOperations.TrailingZeroCount(m)];
            result = op switch
            {
                "add" => result + y,
                "and" => result & y,
                "or" => result | y,
                "xor" => result ^ y,
                "min" => signed ? (uint)Math.Min((int)result, (int)y) : Math.Min(result, y),
                _ => signed ? (uint)Math.Max((int)result, (int)y) : Math.Max(result, y),
            };
        }
        for (uint m = mask; m != 0; m &= m - 1)
            ((uint*)(w.Registers + d))[BitOperations.TrailingZeroCount(m)] = result;
    }
}

internal sealed unsafe class ElectInstruction(int d, int p, int members) : SyncInstruction(members)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Run(Warp w, uint mask)
    {
        int leader = BitOperations.TrailingZeroCount(mask);
        if (d >= 0)
        {
            for (uint m = mask; m != 0; m &= m - 1)
                ((uint*)(w.Registers + d))[BitOperations.TrailingZeroCount(m)] = (uint)leader;
        }
        Predicates.Set(w, p, 1u << leader, mask);
    }
}
