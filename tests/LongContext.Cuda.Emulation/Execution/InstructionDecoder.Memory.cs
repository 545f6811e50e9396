using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private static readonly PtxType[] Storable =
    [
        PtxType.B8, PtxType.B16, PtxType.B32, PtxType.B64, PtxType.U8, PtxType.U16, PtxType.U32, PtxType.U64,
        PtxType.S8, PtxType.S16, PtxType.S32, PtxType.S64, PtxType.F32, PtxType.F64,
    ];

    private Instruction? Movement(string name)
    {
        switch (name)
        {
            case "mov":
                return Move();
            case "cvt":
                return Conversion();
            case "cvta":
                return ConvertAddress();
            case "isspacep":
                PtxSpace space = Expect("const", "global", "local", "shared", "shared::cta", "shared::cluster", "param") switch
                {
                    "const" => PtxSpace.Constant, "global" => PtxSpace.Global, "local" => PtxSpace.Local, "param" => PtxSpace.Parameter, _ => PtxSpace.Shared,
                };
                Operands(2);
                return As(InstructionClass.Compare, new SpaceTest(WritePredicate(source.Operands[0]), Read(1, PtxType.U64), AddressSpaces.Base(space)));
            default:
                return null;
        }
    }

    private Instruction Move()
    {
        PtxType type = TypeOf(PtxType.Pred, PtxType.B16, PtxType.B32, PtxType.B64, PtxType.B128, PtxType.U16, PtxType.U32, PtxType.U64,
            PtxType.S16, PtxType.S32, PtxType.S64, PtxType.F32, PtxType.F64);
        Operands(2);
        Class = InstructionClass.Move;
        if (type == PtxType.Pred)
        {
            int p = Write(0, type);
            (int q, uint flip) = ReadPredicate(1);
            return new PredicateLogic(p, q, flip, q, flip, "mov");
        }
        if (source.Operands[1] is VectorOperand parts)
        {
            if (!type.IsBits())
                throw Error("packing needs a type of bits");
            PtxType part = PartType(type, parts.Items.Count);
            return new PackInstruction(Write(0, type), type.Bytes(), ReadVector(1, parts.Items.Count, part), part.Bytes());
        }
        if (source.Operands[0] is VectorOperand targets)
        {
            if (!type.IsBits())
                throw Error("unpacking needs a type of bits");
            PtxType part = PartType(type, targets.Items.Count);
            int from = Read(1, type);
            var slots = new int[targets.Items.Count];
            for (int i = 0; i < slots.Length; i++)
                slots[i] = targets.Items[i] is SinkOperand ? -1 : Write(targets.Items[i], part);
            return new UnpackInstruction(slots, part.Bytes(), from, type.Bytes());
        }
        int d = Write(0, type);
        if (source.Operands[1] is SpecialOperand special && SpecialRegisters.IsClock(special.Name))
            return new ClockInstruction(d, type.Bytes());
        int a = Read(1, type);
        return type.Bytes() == 8 ? new Unary<Copy<ulong>, ulong, ulong>(d, a) : new Unary<Copy<uint>, uint, uint>(d, a);
    }

    private PtxType PartType(PtxType whole, int count) => (whole.Bytes(), count) switch
    {
        (4, 2) => PtxType.B16,
        (8, 2) => PtxType.B32,
        (8, 4) => PtxType.B16,
        (16, 2) => PtxType.B64,
        _ => throw Error($"{whole.Text()} does not consist of {count} registers"),
    };

    private Instruction ConvertAddress()
    {
        bool to = Next("to");
        string space = Expect("global", "shared", "shared::cta", "shared::cluster", "const", "local", "param");
        if (space == "param")
            Require(77, 70);
        PtxType type = TypeOf(PtxType.U64);
        Operands(2);
        PtxSpace window = space switch
        {
            "global" => PtxSpace.Global, "const" => PtxSpace.Constant, "local" => PtxSpace.Local, "param" => PtxSpace.Parameter, _ => PtxSpace.Shared,
        };
        long start = AddressSpaces.Base(window);
        int d = Write(0, type), a = Read(1, type);
        Class = InstructionClass.Move;
        if (start == 0)
            return new Unary<Copy<ulong>, ulong, ulong>(d, a);
        return new Binary<Add<ulong>, ulong, ulong>(d, a, kernel.Constant(to ? (ulong)-start : (ulong)start, 8));
    }

    private Instruction? Memory(string name)
    {
        switch (name)
        {
            case "ld" or "ldu":
                return LoadOrStore(true);
            case "st":
                return LoadOrStore(false);
            case "atom" or "red":
                return AtomicOperation(name == "atom");
            case "cp" when Here == "async" && !(source.Parts.Length > 2 && source.Parts[2] is "bulk" or "reduce" or "mbarrier"):
                return AsynchronousCopy();
            case "prefetch" or "prefetchu" when Here != "tensormap":
                return Prefetch();
            case "createpolicy":
                return CreatePolicy();
            case "discard" or "applypriority":
                throw Error($"{name} is not emulated");
            default:
                return null;
        }
    }

    /// <summary>Address operand: base slot, whether it has 64 bits, and the constant part.</summary>
    private AddressSource Address(int i, PtxSpace space)
    {
        if (source.Operands[i] is not AddressOperand address)
            throw Error($"an address [..] is expected, found {source.Operands[i]}");
        if (address.Coordinates is not null)
            throw Error("coordinates are for tensor copies");
        return AddressOf(address, space);
    }

    private AddressSource AddressOf(AddressOperand address, PtxSpace space)
    {
        switch (address.Base)
        {
            case RegisterOperand register:
                PtxType type = register.Register.Type;
                if (!(type is PtxType.B64 or PtxType.U64 or PtxType.S64 || (type is PtxType.B32 or PtxType.U32 or PtxType.S32)))
                    throw Error($"{register} is no address: 32 or 64 bits of an integer are expected");
                if (type.Bytes() == 4 && space is PtxSpace.Global or PtxSpace.Generic)
                    throw Error($"{register} has 32 bits, addresses of this space have 64");
                if (address.Offset is < int.MinValue or > int.MaxValue)
                    throw Error("the offset does not fit into 32 bits");
                Reads.Add(register.Register.Index);
                return new AddressSource(kernel.Slot(register.Register), type.Bytes() == 8, address.Offset);
            case SymbolOperand symbol:
                if (space != PtxSpace.Generic && symbol.Variable.Space != space)
                    throw Error($"{symbol.Variable.Name} does not lie in this state space");
                if (space == PtxSpace.Generic && symbol.Variable.Space != PtxSpace.Global)
                    throw Error($"{symbol.Variable.Name} is no generic address");
                return new AddressSource(-1, true, kernel.Address(symbol.Variable) + symbol.Offset);
            case ImmediateOperand { Kind: ImmediateKind.Integer } number:
                return new AddressSource(-1, true, number.Bits + address.Offset);
            default:
                throw Error($"{address} is no address");
        }
    }

    private PtxSpace NextSpace(bool store)
    {
        string name = NextOf("global", "shared", "shared::cta", "shared::cluster", "local", "const", "param");
        if (name.Contains("::", StringComparison.Ordinal))
            Require(78, name == "shared::cluster" ? 90 : 30);
        PtxSpace space = name switch
        {
            "global" => PtxSpace.Global, "local" => PtxSpace.Local, "const" => PtxSpace.Constant, "param" => PtxSpace.Parameter, "" => PtxSpace.Generic, _ => PtxSpace.Shared,
        };
        if (store && space is PtxSpace.Constant or PtxSpace.Parameter)
            throw Error($"nothing is stored to .{name}");
        return space;
    }

    private Instruction LoadOrStore(bool load)
    {
        bool ordered = false;
        string order = NextOf("weak", "volatile", "relaxed", load ? "acquire" : "release", "mmio");
        if (order is "relaxed" or "acquire" or "release")
        {
            Require(60, 70);
            Expect("cta", "cluster", "gpu", "sys");
            ordered = true;
        }
        PtxSpace space = NextSpace(!load);
        bool cached = !ordered && order != "volatile";
        if (cached && load && Next("nc"))
        {
            if (space != PtxSpace.Global)
                throw Error(".nc is for .global");
        }
        if (cached)
        {
            if (load)
                NextOf("ca", "cg", "cs", "lu", "cv");
            else
                NextOf("wb", "cg", "cs", "wt");
        }
        bool hint = CacheHints(load, space);
        int count = NextOf("v2", "v4") switch { "v2" => 2, "v4" => 4, _ => 1 };
        PtxType type = TypeOf(Storable);
        int bytes = type.Bytes() * count;
        if (bytes > 16)
            throw Error($"one access moves 16 bytes at most, not {bytes}");
        Operands(hint ? 3 : 2);
        int addressAt = load ? 1 : 0, valueAt = load ? 0 : 1;
        IReadOnlyList<PtxOperand> items = Vector(source.Operands[valueAt], count);
        if (source.Operands[valueAt] is VectorOperand && count == 1)
            throw Error("a vector needs .v2 or .v4");
        AddressSource address = Address(addressAt, space);
        if (hint)
            Read(2, PtxType.B64);
        var slots = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (load && items[i] is SinkOperand && count > 1)
                slots[i] = -1;
            else
                slots[i] = load ? Write(items[i], type, wider: true) : Read(items[i], type, wider: true);
        }
        int registerBytes = items.OfType<RegisterOperand>().FirstOrDefault()?.Register.Type.Bytes() ?? Math.Max(4, type.Bytes());
        Class = space switch
        {
            PtxSpace.Shared => load ? InstructionClass.LoadShared : InstructionClass.StoreShared,
            PtxSpace.Parameter or PtxSpace.Constant => InstructionClass.LoadParameter,
            PtxSpace.Local => InstructionClass.Local,
            _ => load ? InstructionClass.LoadGlobal : InstructionClass.StoreGlobal,
        };
        var layout = new ElementLayout(slots, type.Bytes(), type.IsSigned(), registerBytes);
        if (load && space == PtxSpace.Parameter && address.Slot < 0)
        {
            if (address.Offset % bytes != 0 || address.Offset + bytes > kernel.Kernel.ParameterBytes)
                throw Error($"{bytes} bytes at offset {address.Offset} of {kernel.Kernel.ParameterBytes} bytes of parameters");
        }
        var access = new MemoryAccess(space, address, bytes, kernel.NewMemorySite());
        return load ? new LoadInstruction(access, layout) : new StoreInstruction(access, layout);
    }

    /// <summary>Eviction priorities, prefetch sizes and whether a cache policy follows as an operand.</summary>
    private bool CacheHints(bool load, PtxSpace space)
    {
        if (NextOf("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate").Length > 0)
        {
            Require(74, 70);
            if (space is not (PtxSpace.Global or PtxSpace.Generic))
                throw Error("eviction priorities are for .global");
        }
        bool hint = Next("L2::cache_hint");
        if (hint)
            Require(74, 80);
        if (load && NextOf("L2::64B", "L2::128B", "L2::256B").Length > 0)
            Require(74, 75);
        return hint;
    }

    private NoOperation Prefetch()
    {
        Require(20, 20);
        PtxSpace space = NextOf("global", "local") == "local" ? PtxSpace.Local : PtxSpace.Global;
        Expect("L1", "L2", "L2::evict_last", "L2::evict_normal");
        Operands(1);
        Address(0, space);
        return As(InstructionClass.LoadGlobal, new NoOperation());
    }

    private Instruction CreatePolicy()
    {
        Require(74, 80);
        if (Next("fractional"))
        {
            Expect("L2::evict_last", "L2::evict_normal", "L2::evict_first", "L2::evict_unchanged");
            NextOf("L2::evict_first", "L2::evict_unchanged");
            TypeOf(PtxType.B64);
            Operands(1, 2);
            if (Count == 2 && source.Operands[1] is not ImmediateOperand)
                Read(1, PtxType.F32);
            return As(InstructionClass.Other, new Unary<Copy<ulong>, ulong, ulong>(Write(0, PtxType.B64), kernel.Constant(0x1234, 8)));
        }
        throw Error("only createpolicy.fractional is emulated");
    }

    private Instruction AsynchronousCopy()
    {
        Require(70, 80);
        Next("async");
        if (Next("commit_group"))
        {
            Operands(0);
            return As(InstructionClass.AsyncCopy, new CommitCopies());
        }
        if (Next("wait_all"))
        {
            Operands(0);
            return As(InstructionClass.AsyncCopy, new WaitCopies(0, true));
        }
        if (Next("wait_group"))
        {
            Operands(1);
            return As(InstructionClass.AsyncCopy, new WaitCopies((int)Immediate(0), false));
        }
        string cache = Expect("ca", "cg");
        if (Expect("shared", "shared::cta") == "shared::cta")
            Require(78, 80);
        Expect("global");
        bool hint = Next("L2::cache_hint");
        if (NextOf("L2::64B", "L2::128B", "L2::256B").Length > 0 || hint)
            Require(74, 80);
        Operands(hint ? 4 : 3, hint ? 5 : 4);
        int bytes = (int)Immediate(2);
        if (bytes is not (4 or 8 or 16) || (cache == "cg" && bytes != 16))
            throw Error($"cp.async.{cache} copies {(cache == "cg" ? "16" : "4, 8 or 16")} bytes, not {bytes}");
        AddressSource to = Address(0, PtxSpace.Shared), from = Address(1, PtxSpace.Global);
        int last = Count - (hint ? 1 : 0);
        if (hint)
            Read(Count - 1, PtxType.B64);
        int size = -1, ignore = -1;
        if (last == 4)
        {
            if (source.Operands[3] is RegisterOperand { Register.Type: PtxType.Pred } or RegisterOperand { Negated: true })
                throw Error("cp.async with a predicate to ignore its source is not emulated: use src-size");
            size = Read(3, PtxType.U32);
        }
        return As(InstructionClass.AsyncCopy, new CopyAsync(to, from, bytes, size, ignore, kernel.NewMemorySite()));
    }

    private AtomicInstruction AtomicOperation(bool returns)
    {
        if (NextOf("relaxed", "acquire", "release", "acq_rel").Length > 0)
            Require(60, 70);
        if (NextOf("cta", "cluster", "gpu", "sys").Length > 0)
            Require(60, 60);
        PtxSpace space = NextSpace(true);
        if (space is PtxSpace.Local)
            throw Error("atomics are for .global and .shared");
        string op = returns ? Expect("add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas") : Expect("add", "min", "max", "inc", "dec", "and", "or", "xor");
        bool noFlush = Next("noftz");
        bool hint = Next("L2::cache_hint");
        if (hint)
            Require(74, 80);
        int count = NextOf("v2", "v4", "v8") switch { "v2" => 2, "v4" => 4, "v8" => 8, _ => 1 };
        PtxType type = TypeOf(PtxType.B32, PtxType.B64, PtxType.U32, PtxType.U64, PtxType.S32, PtxType.S64, PtxType.F32, PtxType.F64, PtxType.F16, PtxType.F16x2, PtxType.BF16, PtxType.BF16x2);
        bool small = type is PtxType.F16 or PtxType.F16x2 or PtxType.BF16 or PtxType.BF16x2;
        if (noFlush != (small && op == "add" && type is not PtxType.None))
            throw Error(small ? ".noftz is needed for 16-bit floating-point types" : ".noftz is for 16-bit floating-point types");
        bool allowed = op switch
        {
            "and" or "or" or "xor" => type.IsBits(),
            "exch" or "cas" => type.IsBits(),
            "inc" or "dec" => type == PtxType.U32,
            "min" or "max" => type.IsInteger() || (count > 1 && small),
            _ => type is PtxType.U32 or PtxType.S32 or PtxType.U64 || type.IsFloat(),
        };
        if (!allowed)
            throw Error($"{(returns ? "atom" : "red")}.{op} has no form for {type.Text()}");
        if (type is PtxType.BF16 or PtxType.BF16x2)
            Require(78, 90);
        else if (small)
            Require(type == PtxType.F16 ? 63 : 62, type == PtxType.F16 ? 70 : 60);
        if (count > 1)
        {
            Require(81, 90);
            if (space is PtxSpace.Shared || !(type == PtxType.F32 ? count <= 4 : small) || type.Bytes() * count > 16)
                throw Error("vector atomics are for floats in global memory, 16 bytes at most");
        }
        int values = op == "cas" ? 2 : 1;
        int first = returns ? 1 : 0;
        Operands(first + 1 + values + (hint ? 1 : 0));
        int[] result = !returns || source.Operands[0] is SinkOperand ? [] : WriteVector(0, count, type);
        AddressSource address = Address(first, space);
        int[] value = ReadVector(first + 1, count, type);
        int other = op == "cas" ? Read(first + 2, type) : -1;
        if (hint)
            Read(Count - 1, PtxType.B64);
        return As(InstructionClass.Atomic, new AtomicInstruction(new MemoryAccess(space, address, type.Bytes() * count, kernel.NewMemorySite()), op, type, result, value, other));
    }
}
