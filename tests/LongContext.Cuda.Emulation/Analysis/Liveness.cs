using System.Collections;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>Which registers hold a value that is still needed, at each instruction.</summary>
internal static class Liveness
{
    /// <summary>The registers alive before each block.</summary>
    public static BitArray[] Entries(PtxKernel kernel, IReadOnlyList<DecodedInstruction> decoded, ControlFlow flow)
    {
        int count = kernel.Registers.Count;
        var before = new BitArray[flow.Count];
        for (int b = 0; b < flow.Count; b++)
            before[b] = new BitArray(count);
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = flow.Count - 1; b >= 0; b--)
            {
                BitArray live = AtEnd(flow, before, b, count);
                for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
                    Step(kernel, decoded[i], live, null);
                if (((BitArray)live.Clone()).Xor(before[b]).HasAnySet())
                {
                    before[b] = live;
                    changed = true;
                }
            }
        }
        return before;
    }

    private static BitArray AtEnd(ControlFlow flow, BitArray[] before, int b, int count)
    {
        var live = new BitArray(count);
        foreach (int s in flow.Successors[b])
            live.Or(before[s]);
        return live;
    }

    public static (int Registers, int Predicates, int Line) Maximum(KernelCode kernel, ControlFlow flow)
    {
        int count = kernel.Source.Registers.Count;
        BitArray[] before = Entries(kernel.Source, kernel.Decoded, flow);
        BitArray Exit(int b) => AtEnd(flow, before, b, count);
        BitArray[] assigned = MaybeAssigned(kernel, flow);
        int best = 0, predicates = 0, line = kernel.Source.Line;
        for (int b = 0; b < flow.Count; b++)
        {
            // A register that no path has written yet holds nothing, whatever reads it later.
            BitArray live = Exit(b).And(assigned[b]);
            int[] sums = [0, 0];
            for (int r = 0; r < count; r++)
            {
                if (live[r])
                    Add(kernel.Source.Registers[r], sums, 1);
            }
            for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
            {
                Step(kernel.Source, kernel.Decoded[i], live, sums, assigned[b]);
                if (sums[0] > best)
                    (best, line) = (sums[0], kernel.Source.Instructions[i].Line);
                predicates = Math.Max(predicates, sums[1]);
            }
        }
        return (best, predicates, line);
    }

    /// <summary>For each block, the registers that some path has written by its end.</summary>
    private static BitArray[] MaybeAssigned(KernelCode kernel, ControlFlow flow)
    {
        var after = new BitArray[flow.Count];
        for (int b = 0; b < flow.Count; b++)
        {
            after[b] = new BitArray(kernel.Source.Registers.Count);
            for (int i = flow.Starts[b]; i < flow.Starts[b + 1]; i++)
            {
                foreach (int write in kernel.Decoded[i].Writes)
                    after[b][write] = true;
            }
        }
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = 0; b < flow.Count; b++)
            {
                foreach (int s in flow.Successors[b])
                {
                    var before = (BitArray)after[s].Clone();
                    after[s].Or(after[b]);
                    changed |= before.Xor(after[s]).HasAnySet();
                }
            }
        }
        return after;
    }

    private static void Add(PtxRegister register, int[] sums, int sign)
    {
        if (register.Type == PtxType.Pred)
            sums[1] += sign;
        else
            sums[0] += sign * Math.Max(1, register.Type.Bytes() / 4);
    }

    private static void Step(PtxKernel kernel, DecodedInstruction decoded, BitArray live, int[]? sums, BitArray? assigned = null)
    {
        PtxRegister? guard = decoded.Instruction.Source.Guard;
        if (guard is null)
        {
            foreach (int write in decoded.Writes)
                Set(kernel, write, false, live, sums);
        }
        foreach (int read in decoded.Reads.Concat(decoded.SoftReads))
        {
            if (assigned is null || assigned[read])
                Set(kernel, read, true, live, sums);
        }
        if (guard is not null)
            Set(kernel, guard.Index, true, live, sums);
    }

    private static void Set(PtxKernel kernel, int register, bool value, BitArray live, int[]? sums)
    {
        if (live[register] == value)
            return;
        live[register] = value;
        if (sums is not null)
            Add(kernel.Registers[register], sums, value ? 1 : -1);
    }
}
