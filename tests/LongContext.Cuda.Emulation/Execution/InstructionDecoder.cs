using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>
/// Turns one instruction as written into one that runs. Modifiers are taken in the manual's order; what is left over, and every
/// operand whose type does not fit, is an error, as in the assembler.
/// </summary>
internal sealed partial class InstructionDecoder(KernelBuilder kernel, PtxInstruction source)
{
    private int part = 1;

    public List<int> Reads { get; } = [];

    public List<int> Writes { get; } = [];

    /// <summary>Registers that are inputs only where a predicate says so: alive before the instruction, but perhaps unwritten.</summary>
    public List<int> SoftReads { get; } = [];

    /// <summary>Registers that an asynchronous unit holds after this instruction.</summary>
    public List<int> AsyncRegisters { get; } = [];

    public InstructionClass Class { get; private set; } = InstructionClass.Other;

    public Instruction Decode()
    {
        Instruction? instruction = Arithmetic(source.Parts[0]) ?? FloatingPoint(source.Parts[0]) ?? Logic(source.Parts[0]) ?? Movement(source.Parts[0])
            ?? Memory(source.Parts[0]) ?? Control(source.Parts[0]) ?? WarpWide(source.Parts[0]) ?? Matrix(source.Parts[0]) ?? HopperOnly(source.Parts[0]);
        return instruction ?? throw Error($"unknown instruction {source.Opcode}");
    }

    public PtxException Error(string message) => new(kernel.Module.File, source.Line, message + "  (in: " + source.Text + ")");

    private T As<T>(InstructionClass name, T instruction)
        where T : Instruction
    {
        Class = name;
        return instruction;
    }

    /// <summary>The instruction exists from this ISA version (times ten) and this capability on.</summary>
    private void Require(int version, int capability, bool specific = false)
    {
        if (kernel.Module.Version < version)
            throw Error($"{source.Opcode} needs PTX ISA {version / 10}.{version % 10}, the file says {kernel.Module.Version / 10}.{kernel.Module.Version % 10}");
        if (kernel.Module.Capability < capability)
            throw Error($"{source.Opcode} needs sm_{capability}, the file's target is {kernel.Module.Target}");
        if (specific && !(kernel.Module.ArchitectureSpecific && kernel.Module.Capability == capability))
            throw Error($"{source.Opcode} needs sm_{capability}a, the file's target is {kernel.Module.Target}");
    }

    private string Here => part < source.Parts.Length ? source.Parts[part] : "";

    private bool Next(string modifier)
    {
        if (Here != modifier)
            return false;
        part++;
        return true;
    }

    private string NextOf(params ReadOnlySpan<string> modifiers)
    {
        foreach (string modifier in modifiers)
        {
            if (Here == modifier)
            {
                part++;
                return modifier;
            }
        }
        return "";
    }

    private string Expect(params ReadOnlySpan<string> modifiers)
    {
        string found = NextOf(modifiers);
        return found.Length > 0 ? found : throw Error($"modifier .{string.Join(" or .", modifiers.ToArray())} expected, found {(Here.Length == 0 ? "none" : "." + Here)}");
    }

    private PtxType TypeOf(params ReadOnlySpan<PtxType> allowed)
    {
        if (PtxTypes.TryParse(Here, out PtxType type) && allowed.Contains(type))
        {
            part++;
            return type;
        }
        throw Error($"type {string.Join(", ", allowed.ToArray().Select(x => x.Text()))} expected, found {(Here.Length == 0 ? "none" : "." + Here)}");
    }

    /// <summary>All modifiers are used up and there are that many operands.</summary>
    private void Operands(int least, int most = -1)
    {
        if (part < source.Parts.Length)
            throw Error($"modifier .{Here} is not allowed here");
        int count = source.Operands.Count;
        if (count < least || count > Math.Max(least, most))
            throw Error($"{least}{(most > least ? $" to {most}" : "")} operands expected, found {count}");
    }

    private int Count => source.Operands.Count;

    private int Read(int i, PtxType type, bool wider = false) => Read(source.Operands[i], type, wider);

    private int Read(PtxOperand operand, PtxType type, bool wider = false)
    {
        switch (operand)
        {
            case RegisterOperand register when register.Register.Type != PtxType.Pred || type == PtxType.Pred:
                Fits(register.Register, type, wider);
                if (register.Negated)
                    throw Error($"{operand} must not be negated here");
                Reads.Add(register.Register.Index);
                return kernel.Slot(register.Register);
            case ImmediateOperand number:
                if (type == PtxType.Pred)
                    return kernel.ConstantPredicate(number.Bits != 0);
                if (number.Kind == ImmediateKind.Integer && type.IsFloat())
                    throw Error($"a floating-point number is expected, found {operand}");
                if (number.Kind != ImmediateKind.Integer && type.IsInteger())
                    throw Error($"an integer is expected, found {operand}");
                long bits = PtxParser.ImmediateBits(number, type);
                return kernel.Constant(type.Bytes() switch { 1 or 2 => (ulong)bits & 0xffff, 4 => (uint)bits, _ => (ulong)bits }, type.Bytes());
            case SpecialOperand special when type.Bytes() >= 4:
                return ReadSpecial(special, type);
            case SymbolOperand symbol when type.Bytes() is 4 or 8 && !type.IsFloat():
                return kernel.Constant((ulong)(kernel.Address(symbol.Variable) + symbol.Offset), type.Bytes());
            default:
                throw Error($"a {type.Text()} register or number is expected, found {operand}");
        }
    }

    private int ReadSpecial(SpecialOperand special, PtxType type)
    {
        bool cluster = SpecialRegisters.IsCluster(special.Name);
        if (cluster)
            Require(78, 90);
        int bits = cluster ? 32 : SpecialRegisters.Bits(special.Name);
        if (bits == 0)
            throw Error($"{special} is neither a declared register nor a known special register that may stand here");
        if (type.Bytes() * 8 != bits || type.IsFloat())
            throw Error($"{special} has {bits} bits, the instruction wants {type.Text()}");
        return kernel.Special(special.Name, bits / 8);
    }

    private int Write(int i, PtxType type, bool wider = false) => Write(source.Operands[i], type, wider);

    private int Write(PtxOperand operand, PtxType type, bool wider = false)
    {
        if (operand is not RegisterOperand register || register.Negated)
            throw Error($"a {type.Text()} register is expected as the result, found {operand}");
        Fits(register.Register, type, wider);
        Writes.Add(register.Register.Index);
        return kernel.Slot(register.Register);
    }

    private void Fits(PtxRegister register, PtxType type, bool wider)
    {
        if (!type.Accepts(register.Type, wider))
            throw Error($"{register.Name} is declared {register.Type.Text()}, the instruction wants {type.Text()}");
    }

    /// <summary>A predicate that may be negated: its slot and the bits to flip.</summary>
    private (int Slot, uint Flip) ReadPredicate(int i)
    {
        switch (source.Operands[i])
        {
            case RegisterOperand register:
                Fits(register.Register, PtxType.Pred, false);
                Reads.Add(register.Register.Index);
                return (kernel.Slot(register.Register), register.Negated ? ~0u : 0u);
            case ImmediateOperand { Kind: ImmediateKind.Integer } number:
                return (kernel.ConstantPredicate(number.Bits != 0), 0);
            default:
                throw Error($"a predicate is expected, found {source.Operands[i]}");
        }
    }

    private int WritePredicate(PtxOperand operand) => operand is SinkOperand ? -1 : Write(operand, PtxType.Pred);

    private int[] ReadVector(int i, int count, PtxType type)
    {
        IReadOnlyList<PtxOperand> items = Vector(source.Operands[i], count);
        var result = new int[count];
        for (int k = 0; k < count; k++)
            result[k] = Read(items[k], type);
        return result;
    }

    private int[] WriteVector(int i, int count, PtxType type)
    {
        IReadOnlyList<PtxOperand> items = Vector(source.Operands[i], count);
        var result = new int[count];
        for (int k = 0; k < count; k++)
            result[k] = Write(items[k], type);
        return result;
    }

    private IReadOnlyList<PtxOperand> Vector(PtxOperand operand, int count)
    {
        if (operand is VectorOperand vector)
        {
            if (vector.Items.Count != count)
                throw Error($"a vector of {count} is expected, found {operand}");
            return vector.Items;
        }
        return count == 1 ? [operand] : throw Error($"a vector {{…}} of {count} is expected, found {operand}");
    }

    private long Immediate(int i) => source.Operands[i] is ImmediateOperand { Kind: ImmediateKind.Integer } number
        ? number.Bits : throw Error($"an integer constant is expected, found {source.Operands[i]}");

    private int Target(int i) => source.Operands[i] is LabelOperand label
        ? label.Target : throw Error($"a label is expected, found {source.Operands[i]}");
}
