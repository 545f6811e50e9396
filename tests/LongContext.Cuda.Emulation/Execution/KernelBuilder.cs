using LongContext.Cuda.Emulation.Analysis;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>Lays out a kernel's register file and memory and decodes its instructions.</summary>
internal sealed class KernelBuilder
{
    private readonly Dictionary<(ulong Bits, int Bytes), int> constants = [];
    private readonly Dictionary<string, int> specials = [];
    private readonly Dictionary<PtxVariable, long> addresses = [];
    private readonly List<(int Slot, ulong Bits, int Bytes)> image = [];
    private readonly int[] slots;
    private readonly IReadOnlyDictionary<PtxVariable, long> moduleAddresses;
    private int fileBytes;

    /// <summary>Room at the register file's start for operands of 16 bits that are compared as 32.</summary>
    public const int ScratchBytes = 256;

    public PtxModule Module { get; }

    public PtxKernel Kernel { get; }

    public KernelCode Code { get; }

    private KernelBuilder(PtxModule module, PtxKernel kernel, IReadOnlyDictionary<PtxVariable, long> moduleAddresses, (int[] Slots, int Bytes)? places)
    {
        Module = module;
        Kernel = kernel;
        this.moduleAddresses = moduleAddresses;
        Code = new KernelCode { Module = module, Source = kernel };
        slots = places?.Slots ?? new int[kernel.Registers.Count];
        fileBytes = places?.Bytes ?? ScratchBytes;
        foreach (PtxRegister register in kernel.Registers.Where(x => places is null && x.Type != PtxType.Pred))
            slots[register.Index] = Take(Math.Max(4, register.Type.Bytes()) * 32);
        foreach (PtxRegister register in kernel.Registers)
        {
            if (register.Type == PtxType.Pred)
                slots[register.Index] = Take(4);
        }
        fileBytes = (fileBytes + 127) / 128 * 128;
        Code.ImageStart = fileBytes;
    }

    /// <summary>Decodes one kernel; <paramref name="moduleAddresses"/> places the module's global and constant variables.</summary>
    public static KernelCode Build(PtxModule module, PtxKernel kernel, IReadOnlyDictionary<PtxVariable, long> moduleAddresses)
    {
        // Once to learn which registers each instruction touches, and again with the places that follow from it.
        var first = new KernelBuilder(module, kernel, moduleAddresses, null);
        first.Build();
        var builder = new KernelBuilder(module, kernel, moduleAddresses, SlotAllocation.Assign(kernel, first.Code.Decoded));
        builder.Build();
        return builder.Code;
    }

    private void Build()
    {
        LayOutMemory();
        var decoded = new List<DecodedInstruction>(Kernel.Instructions.Count);
        foreach (PtxInstruction source in Kernel.Instructions)
        {
            var decoder = new InstructionDecoder(this, source);
            Instruction instruction = decoder.Decode();
            instruction.Source = source;
            if (instruction.Class == InstructionClass.Other)
                instruction.Class = decoder.Class;
            if (source.Guard is not null)
            {
                instruction.Guard = slots[source.Guard.Index];
                instruction.GuardFlip = source.GuardNegated ? ~0u : 0u;
            }
            instruction.Index = decoded.Count;
            decoded.Add(new DecodedInstruction(instruction, [.. decoder.Reads], [.. decoder.Writes], [.. decoder.SoftReads], [.. decoder.AsyncRegisters]));
        }
        decoded = PendingInputs.Apply(Kernel, ConstantScales.Apply(Kernel, decoded));
        Code.Decoded = decoded;
        Code.Code = RegisterTracking.Apply(Code, decoded);
        Code.RegisterBytes = fileBytes;
        Code.RegisterImage = new byte[fileBytes - Code.ImageStart];
        foreach ((int slot, ulong bits, int bytes) in image)
        {
            for (int lane = 0; lane < 32; lane++)
            {
                for (int i = 0; i < bytes; i++)
                    Code.RegisterImage[slot - Code.ImageStart + (lane * bytes) + i] = (byte)(bits >> (8 * i));
            }
        }
        int[] limits = Kernel.RequiredThreads.Length > 0 ? Kernel.RequiredThreads : Kernel.MaximalThreads;
        Code.MaximalThreads = limits.Length == 0 ? 1024 : limits.Aggregate(1, (a, b) => a * b);
    }

    private int Take(int bytes)
    {
        int slot = fileBytes;
        fileBytes += bytes;
        return slot;
    }

    private void LayOutMemory()
    {
        var used = new HashSet<PtxVariable>();
        void Visit(PtxOperand operand)
        {
            switch (operand)
            {
                case SymbolOperand symbol:
                    used.Add(symbol.Variable);
                    break;
                case AddressOperand address:
                    Visit(address.Base);
                    break;
                case VectorOperand vector:
                    foreach (PtxOperand item in vector.Items)
                        Visit(item);
                    break;
            }
        }

        foreach (PtxInstruction instruction in Kernel.Instructions)
        {
            foreach (PtxOperand operand in instruction.Operands)
                Visit(operand);
        }
        // Static arrays first, then what the launch adds.
        int shared = 0, local = 0, alignment = 16;
        foreach (PtxVariable variable in Module.Variables.Concat(Kernel.Variables).Where(used.Contains))
        {
            if (variable.Space == PtxSpace.Shared && !variable.External)
            {
                shared = Align(shared, variable.Alignment);
                addresses[variable] = shared;
                shared += (int)variable.Bytes;
                alignment = Math.Max(alignment, variable.Alignment);
            }
            else if (variable.Space == PtxSpace.Local)
            {
                local = Align(local, variable.Alignment);
                addresses[variable] = local;
                local += (int)variable.Bytes;
            }
        }
        foreach (PtxVariable variable in Module.Variables.Where(x => x.Space == PtxSpace.Shared && x.External && used.Contains(x)))
        {
            alignment = Math.Max(alignment, variable.Alignment);
            shared = Align(shared, variable.Alignment);
        }
        foreach (PtxVariable variable in Module.Variables.Where(x => x.Space == PtxSpace.Shared && x.External && used.Contains(x)))
            addresses[variable] = shared;
        if (shared > 48 * 1024)
            throw new PtxException(Module.File, Kernel.Line, $"kernel {Kernel.Name} has {shared} bytes of static shared memory, at most {48 * 1024} are allowed");
        Code.StaticShared = shared;
        Code.SharedAlignment = alignment;
        Code.LocalBytes = Align(local, 16);
        foreach (PtxVariable parameter in Kernel.Parameters)
            addresses[parameter] = parameter.Offset;
    }

    private static int Align(int value, int alignment) => (value + alignment - 1) / alignment * alignment;

    /// <summary>Address of a variable within its own space.</summary>
    public long Address(PtxVariable variable) =>
        addresses.TryGetValue(variable, out long address) ? address : moduleAddresses[variable];

    public int Slot(PtxRegister register) => slots[register.Index];

    public int Constant(ulong bits, int bytes)
    {
        bytes = Math.Max(4, bytes);
        if (bytes == 4)
            bits = (uint)bits;
        if (!constants.TryGetValue((bits, bytes), out int slot))
        {
            slot = Take(bytes * 32);
            constants.Add((bits, bytes), slot);
            image.Add((slot, bits, bytes));
        }
        return slot;
    }

    /// <summary>The constant predicate that is true or false for all lanes.</summary>
    public int ConstantPredicate(bool value) => Constant(value ? uint.MaxValue : 0, 4);

    public int Special(string name, int bytes)
    {
        if (!specials.TryGetValue(name, out int slot))
        {
            slot = Take(bytes * 32);
            specials.Add(name, slot);
            Code.Specials.Add((name, slot));
        }
        return slot;
    }

    /// <summary>A predicate that no source names.</summary>
    public int NewHidden() => Take(4 * 32);

    public int NewMemorySite() => Code.MemorySites++;
}

/// <summary>An instruction with the registers it reads and writes, by their index in the kernel.</summary>
internal sealed record DecodedInstruction(Instruction Instruction, int[] Reads, int[] Writes, int[] SoftReads, int[] AsyncRegisters);
