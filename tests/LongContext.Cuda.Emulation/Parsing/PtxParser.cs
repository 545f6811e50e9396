namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>Reads a PTX file as clang and hand-written inline assembly make it. What it does not know is an error, never skipped.</summary>
internal sealed partial class PtxParser
{
    private readonly PtxText text;
    private readonly PtxModule module;
    private readonly Dictionary<string, PtxVariable> variables = [];

    private PtxParser(string file, string source)
    {
        text = new PtxText(file, source);
        module = new PtxModule { File = file };
    }

    public static PtxModule Parse(string file, string source)
    {
        var parser = new PtxParser(file, source);
        parser.ReadModule();
        return parser.module;
    }

    private void ReadModule()
    {
        Header();
        while (!text.AtEnd)
        {
            int line = text.Line;
            string word = text.Dotted();
            bool external = false;
            while (word is "visible" or "extern" or "weak" or "common")
            {
                external |= word == "extern";
                word = text.Dotted();
            }
            switch (word)
            {
                case "entry":
                    ReadKernel(line);
                    break;
                case "global" or "const" or "shared":
                    PtxVariable variable = ReadVariable(word, external, line);
                    module.Variables.Add(variable);
                    AddName(variables, variable);
                    break;
                case "file":
                    text.RestOfLine();
                    break;
                case "section":
                    text.Dotted();
                    text.Name();
                    text.SkipBraces();
                    break;
                case "func":
                    throw text.Error("functions that are called are not emulated: everything must be inlined", line);
                default:
                    throw text.Error(word.Length > 0 ? $"unknown directive .{word}" : $"a directive expected, found {text.Found()}", line);
            }
        }
    }

    private void AddName(Dictionary<string, PtxVariable> names, PtxVariable variable)
    {
        if (!names.TryAdd(variable.Name, variable))
            throw text.Error($"{variable.Name} is declared twice", variable.Line);
    }

    private void Header()
    {
        if (text.Dotted() != "version")
            throw text.Error("a PTX file begins with .version");
        string version = text.RestOfLine();
        string[] parts = version.Split('.');
        if (parts.Length != 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(parts[1], out int minor) || minor > 9)
            throw text.Error($"'{version}' is not a version");
        module.Version = (major * 10) + minor;
        if (text.Dotted() != "target")
            throw text.Error(".target must follow .version");
        string target = text.RestOfLine().Split(',')[0].Trim();
        string number = target.StartsWith("sm_", StringComparison.Ordinal) ? target[3..] : "";
        module.ArchitectureSpecific = number.EndsWith('a');
        if (!int.TryParse(number.TrimEnd('a'), out int capability))
            throw text.Error($"'{target}' is not a target");
        module.Capability = capability;
        module.Target = target;
        int needed = capability switch { <= 75 => 63, 80 => 70, 86 => 71, 87 => 74, 89 or 90 => 78, _ => 86 };
        if (module.ArchitectureSpecific)
            needed = Math.Max(needed, 80);
        if (module.Version < needed)
            throw text.Error($".target {target} needs PTX ISA {needed / 10}.{needed % 10} or later, the file says {version}");
        if (text.Dotted() != "address_size" || text.Integer() != 64)
            throw text.Error(".address_size 64 must follow .target");
    }

    /// <summary>One variable after its state space: [.align N] type name[size]… [= {…}];</summary>
    private PtxVariable ReadVariable(string space, bool external, int line)
    {
        PtxVariable variable = ReadDeclarator(
            space switch { "global" => PtxSpace.Global, "const" => PtxSpace.Constant, "shared" => PtxSpace.Shared, _ => PtxSpace.Local }, external, line);
        text.Expect(';');
        return variable;
    }

    private PtxVariable ReadDeclarator(PtxSpace space, bool external, int line)
    {
        int alignment = 0;
        PtxType type = PtxType.None;
        int vector = 1;
        for (string word = text.Dotted(); word.Length > 0; word = text.Dotted())
        {
            if (word == "align")
            {
                alignment = (int)text.Integer();
                if (alignment <= 0 || (alignment & (alignment - 1)) != 0)
                    throw text.Error($"alignment {alignment} is no power of two");
            }
            else if (word is "v2" or "v4")
                vector = word[1] - '0';
            else if (space == PtxSpace.Parameter && word is "ptr" or "global" or "shared" or "const" or "local" or "generic")
                continue;
            else if (!PtxTypes.TryParse(word, out type))
                throw text.Error($"unknown type .{word}");
        }
        if (type is PtxType.None or PtxType.Pred)
            throw text.Error("a variable needs a type");
        int element = type.Bytes() * vector;
        string name = text.ExpectName();
        long count = 1;
        bool open = false;
        while (text.Accept('['))
        {
            if (text.Accept(']'))
            {
                open = true;
                continue;
            }
            count *= text.Integer();
            text.Expect(']');
        }
        if (open && !external)
            throw text.Error($"{name} has no size");
        byte[]? initial = null;
        if (text.Accept('='))
            initial = ReadInitial(type, element, count);
        return new PtxVariable
        {
            Name = name, Space = space, Type = type, Alignment = Math.Max(alignment, element), Bytes = open ? 0 : element * count,
            External = external && open, Initial = initial, Line = line,
        };
    }

    private byte[] ReadInitial(PtxType type, int element, long count)
    {
        var bytes = new byte[element * count];
        int at = 0;
        void ReadValue()
        {
            if (text.Accept('{'))
            {
                while (!text.Accept('}'))
                {
                    ReadValue();
                    text.Accept(',');
                }
                return;
            }
            if (!text.AtNumber)
                throw text.Error($"a number expected, found {text.Found()}: addresses in initial values are not emulated");
            ImmediateOperand number = text.Number();
            long bits = ImmediateBits(number, type);
            int size = type.Bytes();
            if (at + size > bytes.Length)
                throw text.Error("more initial values than elements");
            for (int i = 0; i < size; i++)
                bytes[at + i] = (byte)(bits >> (8 * i));
            at += size;
        }

        ReadValue();
        return bytes;
    }

    /// <summary>A number's bits as a value of <paramref name="type"/>.</summary>
    internal static long ImmediateBits(ImmediateOperand number, PtxType type)
    {
        if (number.Kind == ImmediateKind.Integer)
        {
            return type switch
            {
                PtxType.F32 => BitConverter.SingleToUInt32Bits(number.Bits),
                PtxType.F64 => BitConverter.DoubleToInt64Bits(number.Bits),
                _ => number.Bits,
            };
        }
        if (number.Kind == ImmediateKind.Single)
            return type == PtxType.F64 ? BitConverter.DoubleToInt64Bits(BitConverter.UInt32BitsToSingle((uint)number.Bits)) : number.Bits;
        double value = BitConverter.Int64BitsToDouble(number.Bits);
        return type.Bytes() == 8 ? number.Bits : BitConverter.SingleToUInt32Bits((float)value);
    }
}
