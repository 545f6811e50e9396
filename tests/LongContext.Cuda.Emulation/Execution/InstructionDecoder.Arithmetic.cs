using System.Numerics;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private static readonly PtxType[] Integers = [PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S16, PtxType.S32, PtxType.S64];

    private bool NextIsInteger => PtxTypes.TryParse(source.Parts[^1], out PtxType last) && last.IsInteger();

    private Instruction? Arithmetic(string name)
    {
        switch (name)
        {
            case "add" or "sub" or "min" or "max" or "abs" or "neg" or "mul" or "mad" when NextIsInteger:
                return SimpleInteger(name);
            case "div" or "rem" when NextIsInteger:
                return Division(name);
            case "popc" or "clz" or "brev":
                return Counting(name);
            case "bfind":
                return FindBit();
            case "bfe" or "bfi":
                return BitField(name);
            case "dp4a":
                return DotProduct();
            default:
                return null;
        }
    }

    private Instruction SimpleInteger(string name)
    {
        string form = name is "mul" or "mad" ? Expect("hi", "lo", "wide") : "";
        bool saturate = name is "add" or "sub" && Next("sat");
        PtxType type = TypeOf(Integers);
        if (form == "wide" && type.Bytes() == 8)
            throw Error("wide products take 16- or 32-bit factors");
        if (name is "abs" or "neg" && !type.IsSigned())
            throw Error("a signed type is expected");
        Operands(name == "mad" ? 4 : name is "abs" or "neg" ? 2 : 3);
        PtxType wide = form != "wide" ? type : type switch
        {
            PtxType.U16 => PtxType.U32, PtxType.S16 => PtxType.S32, PtxType.U32 => PtxType.U64, _ => PtxType.S64,
        };
        int d = Write(0, wide);
        int a = Read(1, type);
        int b = Count > 2 ? Read(2, type) : 0;
        int c = Count > 3 ? Read(3, wide) : 0;
        Class = InstructionClass.Integer;
        if (saturate)
        {
            if (type != PtxType.S32)
                throw Error(".sat is for .s32");
            int sign = name == "add" ? 1 : -1;
            return new Rare(d, 4, [a, b], [4, 4], (x, y, _) => (uint)(int)Math.Clamp((int)x + (sign * (long)(int)y), int.MinValue, int.MaxValue));
        }
        if (type.Bytes() == 2)
            return Integer16(name, form, type.IsSigned(), d, a, b, c);
        return (type.Bytes(), form) switch
        {
            (4, "wide") when name == "mul" => type.IsSigned() ? new Binary<WideSigned, int, long>(d, a, b) : new Binary<WideUnsigned, uint, ulong>(d, a, b),
            (4, "wide") => type.IsSigned() ? new Ternary<MultiplyAddWideSigned, int, long>(d, a, b, c) : new Ternary<MultiplyAddWideUnsigned, uint, ulong>(d, a, b, c),
            (_, "hi") => HighProduct(type, d, a, b, c, name == "mad"),
            _ => type switch
            {
                PtxType.U32 => Plain<uint>(name, d, a, b, c),
                PtxType.S32 => Plain<int>(name, d, a, b, c),
                PtxType.U64 => Plain<ulong>(name, d, a, b, c),
                _ => Plain<long>(name, d, a, b, c),
            },
        };
    }

    private static Instruction Plain<T>(string name, int d, int a, int b, int c)
        where T : unmanaged, INumber<T> => name switch
        {
            "add" => new Binary<Add<T>, T, T>(d, a, b),
            "sub" => new Binary<Subtract<T>, T, T>(d, a, b),
            "mul" => new Binary<Multiply<T>, T, T>(d, a, b),
            "mad" => new Ternary<MultiplyAdd<T>, T, T>(d, a, b, c),
            "min" => new Binary<Smaller<T>, T, T>(d, a, b),
            "max" => new Binary<Larger<T>, T, T>(d, a, b),
            "neg" => new Unary<Negate<T>, T, T>(d, a),
            _ => new Rare(d, System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), [a], [System.Runtime.CompilerServices.Unsafe.SizeOf<T>()],
                System.Runtime.CompilerServices.Unsafe.SizeOf<T>() == 8 ? (x, _, _) => (long)x < 0 ? 0 - x : x : (x, _, _) => (int)x < 0 ? 0 - x : x),
        };

    private static Instruction HighProduct(PtxType type, int d, int a, int b, int c, bool add)
    {
        if (!add)
        {
            return type switch
            {
                PtxType.U32 => new Binary<HighUnsigned32, uint, uint>(d, a, b),
                PtxType.S32 => new Binary<HighSigned32, int, int>(d, a, b),
                PtxType.U64 => new Binary<HighUnsigned64, ulong, ulong>(d, a, b),
                _ => new Binary<HighSigned64, long, long>(d, a, b),
            };
        }
        int bytes = type.Bytes();
        Func<ulong, ulong, ulong, ulong> f = type switch
        {
            PtxType.U32 => (x, y, z) => ((x * y) >> 32) + z,
            PtxType.S32 => (x, y, z) => (ulong)(((long)(int)x * (int)y) >> 32) + z,
            PtxType.U64 => (x, y, z) => Math.BigMul(x, y, out _) + z,
            _ => (x, y, z) => (ulong)Math.BigMul((long)x, (long)y, out _) + z,
        };
        return new Rare(d, bytes, [a, b, c], [bytes, bytes, bytes], f);
    }

    private static Rare Integer16(string name, string form, bool signed, int d, int a, int b, int c)
    {
        long Value(ulong x) => signed ? (short)x : (ushort)x;
        Func<ulong, ulong, ulong, ulong> f = (name, form) switch
        {
            ("add", _) => (x, y, _) => x + y,
            ("sub", _) => (x, y, _) => x - y,
            ("min", _) => (x, y, _) => (ulong)Math.Min(Value(x), Value(y)),
            ("max", _) => (x, y, _) => (ulong)Math.Max(Value(x), Value(y)),
            ("abs", _) => (x, _, _) => (ulong)Math.Abs(Value(x)),
            ("neg", _) => (x, _, _) => 0 - x,
            (_, "hi") => (x, y, z) => (ulong)(((Value(x) * Value(y)) >> 16) + (long)z),
            _ => (x, y, z) => (ulong)((Value(x) * Value(y)) + (long)z),
        };
        bool three = name == "mad";
        return new Rare(d, form == "wide" ? 4 : 2, three ? [a, b, c] : [a, b], three ? [4, 4, 4] : [4, 4], f);
    }

    private Rare Division(string name)
    {
        PtxType type = TypeOf(Integers);
        Operands(3);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type), bytes = type.Bytes();
        bool quotient = name == "div";
        // Division by zero gives an unspecified value; all ones shows it.
        Func<ulong, ulong, ulong, ulong> f = type switch
        {
            PtxType.U16 or PtxType.U32 or PtxType.U64 => (x, y, _) => y == 0 ? ulong.MaxValue : quotient ? x / y : x % y,
            PtxType.S16 => (x, y, _) => (short)y == 0 ? ulong.MaxValue : (ulong)(quotient ? (short)x / (short)y : (short)x % (short)y),
            PtxType.S32 => (x, y, _) => (int)y == 0 ? ulong.MaxValue : (ulong)(quotient ? (long)(int)x / (int)y : (long)(int)x % (int)y),
            _ => (x, y, _) => y == 0 ? ulong.MaxValue : y == ulong.MaxValue ? (quotient ? 0 - x : 0) : (ulong)(quotient ? (long)x / (long)y : (long)x % (long)y),
        };
        return As(InstructionClass.Integer, new Rare(d, bytes, [a, b], [bytes, bytes], f));
    }

    private Rare Counting(string name)
    {
        PtxType type = TypeOf(PtxType.B32, PtxType.B64);
        Operands(2);
        int d = Write(0, name == "brev" ? type : PtxType.U32), a = Read(1, type), bytes = type.Bytes();
        static ulong Reverse(ulong x, int bits)
        {
            ulong r = 0;
            for (int i = 0; i < bits; i++)
                r |= ((x >> i) & 1) << (bits - 1 - i);
            return r;
        }

        Func<ulong, ulong, ulong, ulong> f = name switch
        {
            "popc" => (x, _, _) => (ulong)BitOperations.PopCount(x),
            "clz" => bytes == 4 ? (x, _, _) => (ulong)BitOperations.LeadingZeroCount((uint)x) : (x, _, _) => (ulong)BitOperations.LeadingZeroCount(x),
            _ => (x, _, _) => Reverse(x, bytes * 8),
        };
        return As(InstructionClass.Integer, new Rare(d, name == "brev" ? bytes : 4, [a], [bytes], f));
    }

    private Rare FindBit()
    {
        bool distance = Next("shiftamt");
        PtxType type = TypeOf(PtxType.U32, PtxType.U64, PtxType.S32, PtxType.S64);
        Operands(2);
        int d = Write(0, PtxType.U32), a = Read(1, type), bytes = type.Bytes();
        bool signed = type.IsSigned();
        return As(InstructionClass.Integer, new Rare(d, 4, [a], [bytes], (x, _, _) =>
        {
            ulong value = bytes == 4 ? (signed ? (ulong)(int)x : x) : x;
            if (signed && (long)value < 0)
                value = ~value;
            if (bytes == 4)
                value = (uint)value;
            if (value == 0)
                return uint.MaxValue;
            int bit = BitOperations.Log2(value);
            return (ulong)(distance ? (bytes * 8) - 1 - bit : bit);
        }));
    }

    private Rare BitField(string name)
    {
        PtxType type = name == "bfe" ? TypeOf(PtxType.U32, PtxType.U64, PtxType.S32, PtxType.S64) : TypeOf(PtxType.B32, PtxType.B64);
        int bits = type.Bytes() * 8;
        if (name == "bfe")
        {
            Operands(4);
            bool signed = type.IsSigned();
            return As(InstructionClass.Integer, new Rare(Write(0, type), bits / 8, [Read(1, type), Read(2, PtxType.U32), Read(3, PtxType.U32)], [bits / 8, 4, 4], (x, p, l) =>
            {
                int position = (int)(p & 0xff), length = (int)(l & 0xff);
                if (signed && bits == 32)
                    x = (ulong)(int)x;
                ulong fill = signed && length > 0 && ((x >> Math.Min(position + length - 1, bits - 1)) & 1) != 0 ? ulong.MaxValue : 0;
                if (length == 0)
                    return 0;
                ulong field = position >= 64 ? fill : signed ? (ulong)((long)x >> position) : x >> position;
                return length >= 64 ? field : (field & ((1ul << length) - 1)) | (fill << length);
            }));
        }
        Operands(5);
        // Four operands: position and length are packed by a small instruction of two steps, so read them in place.
        int f = Write(0, type), a = Read(1, type), b = Read(2, type), pos = Read(3, PtxType.U32), len = Read(4, PtxType.U32);
        return As(InstructionClass.Integer, new Rare(f, bits / 8, [a, b, pos, len], [bits / 8, bits / 8, 4, 4], null!)
        {
            Four = (x, y, p, l) =>
            {
                int position = (int)(p & 0xff), length = (int)(l & 0xff);
                if (position >= bits || length == 0)
                    return y;
                ulong field = (length >= 64 ? ulong.MaxValue : (1ul << length) - 1) << position;
                return (y & ~field) | ((x << position) & field);
            },
        });
    }

    private Rare DotProduct()
    {
        PtxType ta = TypeOf(PtxType.U32, PtxType.S32), tb = TypeOf(PtxType.U32, PtxType.S32);
        Operands(4);
        PtxType result = ta.IsSigned() || tb.IsSigned() ? PtxType.S32 : PtxType.U32;
        int d = Write(0, result), a = Read(1, PtxType.B32), b = Read(2, PtxType.B32), c = Read(3, result);
        bool sa = ta.IsSigned(), sb = tb.IsSigned();
        return As(InstructionClass.Integer, new Rare(d, 4, [a, b, c], [4, 4, 4], (x, y, z) =>
        {
            int sum = (int)z;
            for (int i = 0; i < 32; i += 8)
                sum += (sa ? (sbyte)(x >> i) : (byte)(x >> i)) * (sb ? (sbyte)(y >> i) : (byte)(y >> i));
            return (uint)sum;
        }));
    }
}
