using System.Collections;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>Which registers hold a value that is still needed, at each instruction.</summary>
internal sealed class Liveness
{
    private readonly PtxKernel kernel;
    private readonly IReadOnlyList<DecodedInstruction> decoded;
    private readonly RegisterSet[] before;

    public ControlFlow Flow { get; }

    public Liveness(PtxKernel kernel, IReadOnlyList<DecodedInstruction> decoded, ControlFlow flow)
    {
        this.kernel = kernel;
        this.decoded = decoded;
        Flow = flow;
        int count = kernel.Registers.Count;
        before = new RegisterSet[flow.Count];
        var overwritten = new RegisterSet[flow.Count];
        for (int b = 0; b < flow.Count; b++)
        {
            RegisterSet needed = before[b] = new RegisterSet(count), killed = overwritten[b] = new RegisterSet(count);
            for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
            {
                Step(i, (register, alive) =>
                {
                    needed[register] = alive;
                    if (!alive)
                        killed[register] = true;
                });
            }
        }
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = flow.Count - 1; b >= 0; b--)
            {
                foreach (int s in flow.Successors[b])
                    changed |= before[b].AddExcept(before[s], overwritten[b]);
            }
        }
    }

    /// <summary>The registers alive before a block.</summary>
    public RegisterSet AtStart(int block) => before[block];

    /// <summary>The registers alive after a block.</summary>
    public RegisterSet AtEnd(int block)
    {
        var live = new RegisterSet(kernel.Registers.Count);
        foreach (int s in Flow.Successors[block])
            live.Add(before[s]);
        return live;
    }

    /// <summary>Goes back over an instruction: reports each register that is not needed before it, then each that is.</summary>
    public void Step(int i, Action<int, bool> set)
    {
        DecodedInstruction instruction = decoded[i];
        PtxRegister? guard = instruction.Instruction.Source.Guard;
        if (guard is null)
        {
            foreach (int write in instruction.Writes)
                set(write, false);
        }
        foreach (int read in instruction.Reads)
            set(read, true);
        foreach (int read in instruction.SoftReads)
            set(read, true);
        if (guard is not null)
            set(guard.Index, true);
    }

    /// <summary>The most registers of 32 bits and predicates that are alive before an instruction, copies that need no register of their own not counted.</summary>
    /// <param name="code">The kernel.</param>
    /// <param name="flow">Its blocks.</param>
    /// <param name="looked">The instructions that are looked at; null for all.</param>
    /// <param name="free">Registers that do not count; null for none.</param>
    public static (int Registers, int Predicates, int Line) Maximum(KernelCode code, ControlFlow flow, BitArray? looked, RegisterSet? free)
    {
        var liveness = new Liveness(code.Source, code.Decoded, flow);
        var classes = CopyClasses.Find(code, liveness);
        RegisterSet[] assigned = MaybeAssigned(code, flow);
        int[] alive = new int[code.Source.Registers.Count];
        int best = 0, predicates = 0, line = code.Source.Line, sum = 0, flags = 0;
        var live = new RegisterSet(code.Source.Registers.Count);
        void Set(int register, bool value)
        {
            if (live[register] == value || free?[register] == true)
                return;
            live[register] = value;
            PtxType type = code.Source.Registers[register].Type;
            int sign = value ? 1 : -1, stands = classes.Of(register);
            if (type == PtxType.Pred)
                flags += sign;
            else if ((alive[stands] += sign) == (value ? 1 : 0))
                sum += sign * Math.Max(1, type.Bytes() / 4);
        }

        for (int b = 0; b < flow.Count; b++)
        {
            foreach (int register in live.Members().ToArray())
                Set(register, false);
            // A register that no path has written yet holds nothing, whatever reads it later.
            RegisterSet written = assigned[b], end = liveness.AtEnd(b);
            end.Keep(written);
            foreach (int register in end.Members())
                Set(register, true);
            for (int i = flow.Starts[b + 1] - 1; i >= flow.Starts[b]; i--)
            {
                liveness.Step(i, (register, value) => Set(register, value && written[register]));
                if (looked?[i] == false)
                    continue;
                if (sum > best)
                    (best, line) = (sum, code.Source.Instructions[i].Line);
                predicates = Math.Max(predicates, flags);
            }
        }
        return (best, predicates, line);
    }

    /// <summary>For each block, the registers that some path has written by its end.</summary>
    private static RegisterSet[] MaybeAssigned(KernelCode kernel, ControlFlow flow)
    {
        var after = new RegisterSet[flow.Count];
        for (int b = 0; b < flow.Count; b++)
        {
            after[b] = new RegisterSet(kernel.Source.Registers.Count);
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
                    changed |= after[s].AddExcept(after[b], null);
            }
        }
        return after;
    }
}
