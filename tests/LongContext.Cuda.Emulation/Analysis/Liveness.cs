using System.Collections;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>Which registers hold a value that is still needed, at each instruction.</summary>
internal static class Liveness
{
    public static (int Registers, int Predicates, int Line) Maximum(KernelCode kernel, ControlFlow flow)
    {
        int count = kernel.Source.Registers.Count;
        var before = new BitArray[flow.Count];
        for (int b = 0; b < flow.Count; b++)
            before[b] = new BitArray(count);
        BitArray Exit(int b)
        {
            var live = new BitArray(count);
            foreach (int s in flow.Successors[b])
                live.Or(before[s]);
            return live;
        }

        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = flow.Count - 1; b >= 0; b--)
            {
                BitArray live = Exit(b);
                for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
                    Step(kernel, i, live, null);
                if (((BitArray)live.Clone()).Xor(before[b]).HasAnySet())
                {
                    before[b] = live;
                    changed = true;
                }
            }
        }
        int best = 0, predicates = 0, line = kernel.Source.Line;
        for (int b = 0; b < flow.Count; b++)
        {
            BitArray live = Exit(b);
            int[] sums = [0, 0];
            for (int r = 0; r < count; r++)
            {
                if (live[r])
                    Add(kernel.Source.Registers[r], sums, 1);
            }
            for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
            {
                Step(kernel, i, live, sums);
                if (sums[0] > best)
                    (best, line) = (sums[0], kernel.Source.Instructions[i].Line);
                predicates = Math.Max(predicates, sums[1]);
            }
        }
        return (best, predicates, line);
    }

    private static void Add(PtxRegister register, int[] sums, int sign)
    {
        if (register.Type == PtxType.Pred)
            sums[1] += sign;
        else
            sums[0] += sign * Math.Max(1, register.Type.Bytes() / 4);
    }

    private static void Step(KernelCode kernel, int i, BitArray live, int[]? sums)
    {
        DecodedInstruction decoded = kernel.Decoded[i];
        PtxRegister? guard = kernel.Source.Instructions[i].Guard;
        if (guard is null)
        {
            foreach (int write in decoded.Writes)
                Set(kernel, write, false, live, sums);
        }
        foreach (int read in decoded.Reads)
            Set(kernel, read, true, live, sums);
        if (guard is not null)
            Set(kernel, guard.Index, true, live, sums);
    }

    private static void Set(KernelCode kernel, int register, bool value, BitArray live, int[]? sums)
    {
        if (live[register] == value)
            return;
        live[register] = value;
        if (sums is not null)
            Add(kernel.Source.Registers[register], sums, value ? 1 : -1);
    }
}
