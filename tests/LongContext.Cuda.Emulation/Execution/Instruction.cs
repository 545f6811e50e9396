using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>One decoded instruction: runs for the lanes of a mask on the register file of a warp.</summary>
internal abstract unsafe class Instruction
{
    /// <summary>Byte offset of the guarding predicate; −1 for none.</summary>
    public int Guard = -1;

    /// <summary>All ones where the guard is negated.</summary>
    public uint GuardFlip;

    /// <summary>Index within the kernel; also where its counters lie.</summary>
    public int Index;

    public InstructionClass Class = InstructionClass.Other;

    public PtxInstruction Source = null!;

    public abstract void Execute(Warp w, uint mask);

    public int Line => Source.Line;
}

/// <summary>An instruction some of whose registers may be unwritten or in the hands of an asynchronous unit: checked before it runs.</summary>
internal sealed unsafe class TrackedInstruction(Instruction inner, int guardTracked, int[] reads, int[] writes, int[] asyncRegisters, int[] asyncWrites, KernelCode kernel) : Instruction
{
    public Instruction Inner { get; } = inner;

    public override void Execute(Warp w, uint mask)
    {
        w.Current = Inner;
        if (guardTracked >= 0)
            Check(w, guardTracked, mask);
        if (Inner.Guard >= 0)
        {
            mask &= *(uint*)(w.Registers + Inner.Guard) ^ Inner.GuardFlip;
            if (mask == 0)
                return;
        }
        foreach (int read in reads)
            Check(w, read, mask);
        foreach (int register in asyncRegisters)
        {
            if (w.AsyncUse[register] != 0)
                w.Warpgroup!.CheckRegister(w, Inner, register, kernel.AsyncNames[register]);
        }
        Inner.Execute(w, mask);
        foreach (int write in writes)
            w.Written[write] |= mask;
        foreach (int register in asyncWrites)
            w.AsyncDirty[register] = 1;
    }

    private void Check(Warp w, int register, uint mask)
    {
        uint missing = mask & ~w.Written[register];
        if (missing != 0)
            throw w.Fault(EmulationFault.Register, missing, $"register {kernel.TrackedNames[register]} is read before it is written");
    }
}
