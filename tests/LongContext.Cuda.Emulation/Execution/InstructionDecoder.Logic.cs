using System.Numerics;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction? Logic(string name)
    {
        switch (name)
        {
            case "and" or "or" or "xor" or "not":
                return Bitwise(name);
            case "shl" or "shr":
                return Shift(name);
            case "shf":
                return FunnelShift();
            case "lop3":
                return LogicalThree();
            case "prmt":
                return Permute();
            case "setp" or "set":
                return Comparison(name == "set");
            case "selp":
                return Select();
            default:
                return null;
        }
    }

    private Instruction Bitwise(string name)
    {
        PtxType type = TypeOf(PtxType.Pred, PtxType.B16, PtxType.B32, PtxType.B64);
        Operands(name == "not" ? 2 : 3);
        Class = type == PtxType.Pred ? InstructionClass.Compare : InstructionClass.Integer;
        if (type == PtxType.Pred)
        {
            int p = Write(0, PtxType.Pred);
            (int q, uint qFlip) = ReadPredicate(1);
            (int r, uint rFlip) = name == "not" ? (q, 0) : ReadPredicate(2);
            return new PredicateLogic(p, q, qFlip, r, rFlip, name);
        }
        int d = Write(0, type), a = Read(1, type), b = name == "not" ? a : Read(2, type);
        if (type == PtxType.B64)
            return Bits<ulong>(name, d, a, b);
        return type == PtxType.B16 && name == "not" ? new Rare(d, 2, [a], [4], (x, _, _) => ~x) : Bits<uint>(name, d, a, b);
    }

    private static Instruction Bits<T>(string name, int d, int a, int b)
        where T : unmanaged, INumber<T>, IBitwiseOperators<T, T, T> => name switch
        {
            "and" => new Binary<And<T>, T, T>(d, a, b),
            "or" => new Binary<Or<T>, T, T>(d, a, b),
            "xor" => new Binary<Xor<T>, T, T>(d, a, b),
            _ => new Unary<Not<T>, T, T>(d, a),
        };

    private Instruction Shift(string name)
    {
        PtxType type = name == "shl" ? TypeOf(PtxType.B16, PtxType.B32, PtxType.B64)
            : TypeOf(PtxType.B16, PtxType.B32, PtxType.B64, PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S16, PtxType.S32, PtxType.S64);
        Operands(3);
        Class = InstructionClass.Integer;
        int d = Write(0, type), a = Read(1, type), b = Read(2, PtxType.U32), bytes = type.Bytes();
        if (bytes == 4)
        {
            return name == "shl" ? new Binary<ShiftLeft32, uint, uint>(d, a, b)
                : type.IsSigned() ? new Binary<ShiftRightSigned32, uint, uint>(d, a, b) : new Binary<ShiftRight32, uint, uint>(d, a, b);
        }
        int bits = bytes * 8;
        Func<ulong, ulong, ulong, ulong> f = name == "shl" ? (x, n, _) => n >= (ulong)bits ? 0 : x << (int)n
            : !type.IsSigned() ? (x, n, _) => n >= (ulong)bits ? 0 : x >> (int)n
            : bytes == 8 ? (x, n, _) => (ulong)((long)x >> (int)Math.Min(n, 63)) : (x, n, _) => (ulong)((short)x >> (int)Math.Min(n, 15));
        return new Rare(d, bytes, [a, b], [bytes == 8 ? 8 : 4, 4], f);
    }

    private Rare FunnelShift()
    {
        string side = Expect("l", "r");
        string mode = Expect("clamp", "wrap");
        TypeOf(PtxType.B32);
        Operands(4);
        int d = Write(0, PtxType.B32), a = Read(1, PtxType.B32), b = Read(2, PtxType.B32), c = Read(3, PtxType.U32);
        return As(InstructionClass.Integer, new Rare(d, 4, [a, b, c], [4, 4, 4], (low, high, n) =>
        {
            int distance = mode == "wrap" ? (int)(n & 31) : (int)Math.Min(n, 32);
            ulong both = (high << 32) | low;
            return side == "l" ? (uint)((both << distance) >> 32) : (uint)(both >> distance);
        }));
    }

    private LookupLogic LogicalThree()
    {
        TypeOf(PtxType.B32);
        Operands(5);
        int d = Write(0, PtxType.B32), a = Read(1, PtxType.B32), b = Read(2, PtxType.B32), c = Read(3, PtxType.B32);
        long table = Immediate(4);
        if (table is < 0 or > 255)
            throw Error("the look-up table has eight bits");
        return As(InstructionClass.Integer, new LookupLogic(d, a, b, c, (int)table));
    }

    private Rare Permute()
    {
        TypeOf(PtxType.B32);
        string mode = NextOf("f4e", "b4e", "rc8", "ecl", "ecr", "rc16");
        if (mode.Length > 0)
            throw Error("prmt's special modes are not emulated");
        Operands(4);
        int d = Write(0, PtxType.B32), a = Read(1, PtxType.B32), b = Read(2, PtxType.B32), c = Read(3, PtxType.B32);
        return As(InstructionClass.Integer, new Rare(d, 4, [a, b, c], [4, 4, 4], (x, y, s) =>
        {
            ulong bytes = (y << 32) | x, result = 0;
            for (int i = 0; i < 4; i++)
            {
                int selector = (int)(s >> (4 * i)) & 15;
                ulong value = (bytes >> (8 * (selector & 7))) & 0xff;
                if ((selector & 8) != 0)
                    value = (value & 0x80) != 0 ? 0xfful : 0;
                result |= value << (8 * i);
            }
            return result;
        }));
    }

    private Instruction Comparison(bool toRegister)
    {
        string op = Expect("eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan");
        int join = NextOf("and", "or", "xor") switch { "and" => 1, "or" => 2, "xor" => 3, _ => 0 };
        bool flush = Next("ftz");
        PtxType result = toRegister ? TypeOf(PtxType.U32, PtxType.S32, PtxType.F32, PtxType.F16, PtxType.BF16, PtxType.F16x2, PtxType.BF16x2) : PtxType.Pred;
        PtxType type = TypeOf(PtxType.B16, PtxType.B32, PtxType.B64, PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S16, PtxType.S32, PtxType.S64,
            PtxType.F32, PtxType.F64, PtxType.F16, PtxType.BF16, PtxType.F16x2, PtxType.BF16x2);
        bool isFloat = type.IsFloat();
        if (!isFloat && (op.EndsWith('u') && op.Length == 3 || op is "num" or "nan" || flush))
            throw Error("comparisons of unordered numbers are for floating-point types");
        if (op is "lo" or "ls" or "hi" or "hs" && !type.IsUnsigned())
            throw Error($".{op} compares unsigned integers");
        if (type.IsBits() && op is not ("eq" or "ne"))
            throw Error("bits are compared for equality alone");
        if (type is PtxType.BF16 or PtxType.BF16x2)
            Require(78, 90);
        op = op switch { "lo" => "lt", "ls" => "le", "hi" => "gt", "hs" => "ge", _ => op };
        Operands(join == 0 ? 3 : 4);
        int d = -1, opposite = -1;
        if (type is PtxType.F16x2 or PtxType.BF16x2 || (toRegister && result is not (PtxType.U32 or PtxType.S32 or PtxType.F32)))
            return HalfComparison(op, join, toRegister, result, type);
        if (toRegister)
            d = Write(0, result);
        else if (source.Operands[0] is PairOperand pair)
            (d, opposite) = (WritePredicate(pair.First), WritePredicate(pair.Second));
        else
            d = WritePredicate(source.Operands[0]);
        int a = Read(1, type), b = Read(2, type);
        (int other, uint flip) = join == 0 ? (0, 0) : ReadPredicate(3);
        Class = InstructionClass.Compare;
        if (toRegister)
        {
            // The comparison goes to a hidden predicate and from there to the register's ones or 1.0.
            int hidden = kernel.NewHidden();
            return new SetRegister(MakeCompare(op, type, hidden, -1, a, b, other, flip, join), hidden, d, result == PtxType.F32 ? 0x3f800000u : uint.MaxValue);
        }
        return MakeCompare(op, type, d, opposite, a, b, other, flip, join);
    }

    private static Instruction MakeCompare(string op, PtxType type, int d, int opposite, int a, int b, int other, uint flip, int join) => type switch
    {
        PtxType.F32 => CompareOf<float>(op, d, opposite, a, b, other, flip, join, true),
        PtxType.F64 => CompareOf<double>(op, d, opposite, a, b, other, flip, join, true),
        PtxType.S32 => CompareOf<int>(op, d, opposite, a, b, other, flip, join, false),
        PtxType.S64 => CompareOf<long>(op, d, opposite, a, b, other, flip, join, false),
        PtxType.U64 or PtxType.B64 => CompareOf<ulong>(op, d, opposite, a, b, other, flip, join, false),
        PtxType.S16 => CompareOf<Slot16>(op, d, opposite, a, b, other, flip, join),
        PtxType.F16 => CompareOf<SlotHalf>(op, d, opposite, a, b, other, flip, join),
        PtxType.BF16 => CompareOf<SlotBFloat>(op, d, opposite, a, b, other, flip, join),
        _ => CompareOf<uint>(op, d, opposite, a, b, other, flip, join, false),
    };

    private static Instruction CompareOf<T>(string op, int d, int o, int a, int b, int c, uint f, int j, bool real)
        where T : unmanaged, INumber<T> => op switch
        {
            "eq" => new Compare<Equal<T>, T>(d, o, a, b, c, f, j),
            "ne" => new Compare<Unequal<T>, T>(d, o, a, b, c, f, j),
            "lt" => new Compare<Less<T>, T>(d, o, a, b, c, f, j),
            "le" => new Compare<LessOrEqual<T>, T>(d, o, a, b, c, f, j),
            "gt" => new Compare<Greater<T>, T>(d, o, a, b, c, f, j),
            "ge" => new Compare<GreaterOrEqual<T>, T>(d, o, a, b, c, f, j),
            "equ" => new Compare<UnorderedEqual<T>, T>(d, o, a, b, c, f, j),
            "neu" => new Compare<UnorderedUnequal<T>, T>(d, o, a, b, c, f, j),
            "ltu" => new Compare<UnorderedLess<T>, T>(d, o, a, b, c, f, j),
            "leu" => new Compare<UnorderedLessOrEqual<T>, T>(d, o, a, b, c, f, j),
            "gtu" => new Compare<UnorderedGreater<T>, T>(d, o, a, b, c, f, j),
            "geu" => new Compare<UnorderedGreaterOrEqual<T>, T>(d, o, a, b, c, f, j),
            "num" => new Compare<BothNumbers<T>, T>(d, o, a, b, c, f, j),
            _ => new Compare<AnyNaN<T>, T>(d, o, a, b, c, f, j),
        };

    /// <summary>16-bit types: the slot is widened to 32 bits and compared there.</summary>
    private static Narrow<TSlot> CompareOf<TSlot>(string op, int d, int o, int a, int b, int c, uint f, int j)
        where TSlot : struct, IUnary<uint, float> => new(CompareOf<float>(op, d, o, Narrow<TSlot>.First, Narrow<TSlot>.Second, c, f, j, true), a, b);

    private Instruction HalfComparison(string op, int join, bool toRegister, PtxType result, PtxType type)
    {
        bool half = type is PtxType.F16 or PtxType.F16x2;
        if (join != 0)
            throw Error("a packed comparison joined with a predicate is not emulated");
        if (!toRegister)
        {
            if (source.Operands[0] is not PairOperand pair)
                throw Error("a packed comparison writes two predicates p|q");
            int p = WritePredicate(pair.First), q = WritePredicate(pair.Second);
            return As(InstructionClass.Compare, new PackedCompare(p, q, Read(1, type), Read(2, type), half, HalfMath.Comparison(op)));
        }
        bool packed = type is PtxType.F16x2 or PtxType.BF16x2;
        int d = Write(0, result), a = Read(1, type), b = Read(2, type);
        Func<float, float, bool> compare = HalfMath.Comparison(op);
        bool ones = result is PtxType.U32 or PtxType.S32;
        ulong one = result is PtxType.BF16 or PtxType.BF16x2 ? 0x3f80u : 0x3c00u;
        if (!packed && ones)
            return As(InstructionClass.Compare, new Rare(d, 4, [a, b], [4, 4], (x, y, _) => compare(HalfMath.Widen((uint)x, half), HalfMath.Widen((uint)y, half)) ? uint.MaxValue : 0));
        return As(InstructionClass.Compare, new Rare(d, packed ? 4 : 2, [a, b], [4, 4], (x, y, _) =>
        {
            ulong r = compare(HalfMath.Widen((uint)x & 0xffff, half), HalfMath.Widen((uint)y & 0xffff, half)) ? (ones ? 0xfffful : one) : 0;
            if (packed && compare(HalfMath.Widen((uint)x >> 16, half), HalfMath.Widen((uint)y >> 16, half)))
                r |= (ones ? 0xfffful : one) << 16;
            return r;
        }));
    }

    private SelectInstruction Select()
    {
        PtxType type = TypeOf(PtxType.B16, PtxType.B32, PtxType.B64, PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S16, PtxType.S32, PtxType.S64, PtxType.F32, PtxType.F64);
        Operands(4);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type);
        (int p, uint flip) = ReadPredicate(3);
        return As(InstructionClass.Integer, new SelectInstruction(d, a, b, p, flip, type.Bytes() == 8));
    }
}
