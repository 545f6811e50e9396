using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private static readonly PtxType[] Convertible =
    [
        PtxType.U8, PtxType.U16, PtxType.U32, PtxType.U64, PtxType.S8, PtxType.S16, PtxType.S32, PtxType.S64,
        PtxType.F16, PtxType.BF16, PtxType.F32, PtxType.F64, PtxType.F16x2, PtxType.BF16x2, PtxType.TF32,
    ];

    private Instruction Conversion()
    {
        string whole = NextOf("rni", "rzi", "rmi", "rpi");
        string real = whole.Length > 0 ? "" : NextOf("rn", "rz", "rm", "rp", "rna");
        bool flush = Next("ftz");
        bool relu = Next("relu");
        bool finite = Next("satfinite");
        bool saturate = !finite && Next("sat");
        PtxType to = TypeOf(Convertible), from = TypeOf(Convertible);
        Class = InstructionClass.Convert;
        if (to is PtxType.F16x2 or PtxType.BF16x2)
            return PackedConversion(to, from, real, relu, finite);
        if (from is PtxType.F16x2 or PtxType.BF16x2 or PtxType.TF32)
            throw Error($"nothing converts from {from.Text()}");
        if (to == PtxType.TF32)
        {
            Require(70, 80);
            if (from != PtxType.F32 || real != "rna")
                throw Error("cvt.rna.tf32.f32 is the only conversion to .tf32");
            Operands(2);
            return new Rare(Write(0, PtxType.B32), 4, [Read(1, PtxType.F32)], [4], (x, _, _) => B((float)HalfMath.Round(F(x), 11, -137, Rounding.NearestAway)));
        }
        if (real == "rna")
            throw Error(".rna is for .tf32");
        CheckRounding(to, from, whole, real, relu, finite);
        Operands(2);
        int d = Write(0, to, wider: true), a = Read(1, from, wider: true);
        int targetBytes = RegisterBytes(0), sourceBytes = RegisterBytes(1);
        if (saturate && to.IsFloat() && from.IsFloat() && to.Bytes() == 8)
            throw Error(".sat is not for .f64");
        if (!flush && !saturate && !relu && !finite && Frequent(to, from, real, d, a, targetBytes, sourceBytes) is { } quick)
            return quick;
        return new Rare(d, targetBytes, [a], [sourceBytes == 8 ? 8 : 4], ConversionFunction(to, from, whole, real, flush, saturate, relu, finite, targetBytes));
    }

    private int RegisterBytes(int i) => source.Operands[i] is RegisterOperand r ? r.Register.Type.Bytes() : i == 0 ? 4 : Math.Max(4, Bytes(source.Parts[^1]));

    private static int Bytes(string type) => PtxTypes.TryParse(type, out PtxType t) ? t.Bytes() : 4;

    private void CheckRounding(PtxType to, PtxType from, string whole, string real, bool relu, bool finite)
    {
        bool toFloat = to.IsFloat(), fromFloat = from.IsFloat();
        if (!toFloat && fromFloat && whole.Length == 0)
            throw Error("a conversion to an integer needs .rni, .rzi, .rmi or .rpi");
        if (!toFloat && !fromFloat && (whole.Length > 0 || real.Length > 0))
            throw Error("a conversion between integers takes no rounding");
        if (toFloat && !fromFloat && real.Length == 0)
            throw Error("a conversion from an integer needs .rn, .rz, .rm or .rp");
        if (!toFloat && real.Length > 0)
            throw Error("a conversion to an integer rounds with .rni, .rzi, .rmi or .rpi");
        if (toFloat && fromFloat)
        {
            bool narrows = to.Bytes() < from.Bytes();
            if (narrows && real.Length == 0)
                throw Error("a conversion to a narrower floating-point type needs .rn, .rz, .rm or .rp");
            if (!narrows && real.Length > 0)
                throw Error("a conversion that loses nothing takes no rounding");
            if (whole.Length > 0 && to != from)
                throw Error("rounding to a whole number keeps the type");
        }
        if (to == PtxType.BF16 && from == PtxType.F32)
        {
            Require(70, 80);
            if (real is not ("rn" or "rz"))
                throw Error("cvt to .bf16 rounds with .rn or .rz");
        }
        else if (to == PtxType.BF16 || (from == PtxType.BF16 && to != PtxType.F32))
            Require(78, 90);
        else if (from == PtxType.BF16)
            Require(71, 80);
        if (relu)
            Require(70, 80);
        if (finite)
            Require(81, 80);
        if (relu && !(to is PtxType.F16 or PtxType.BF16 && from == PtxType.F32))
            throw Error(".relu is for conversions of .f32 to 16 bits");
    }

    private static Instruction? Frequent(PtxType to, PtxType from, string real, int d, int a, int targetBytes, int sourceBytes)
    {
        if (from.IsInteger() && to.IsInteger() && from.Bytes() == 4 && to.Bytes() == 8 && sourceBytes == 4)
            return from.IsSigned() ? new Unary<SignExtend, int, long>(d, a) : new Unary<ZeroExtend, uint, ulong>(d, a);
        if (from.IsInteger() && to.IsInteger() && from.Bytes() == 8 && to.Bytes() == 4 && targetBytes == 4)
            return new Unary<LowHalf, ulong, uint>(d, a);
        if (to == PtxType.BF16 && from == PtxType.F32 && real == "rn" && targetBytes == 2)
            return new Unary<SingleToBFloat, float, uint>(d, a);
        if (to == PtxType.F16 && from == PtxType.F32 && real == "rn" && targetBytes == 2)
            return new Unary<SingleToHalf, float, uint>(d, a);
        if (to == PtxType.F32 && from == PtxType.F16)
            return new Unary<SlotHalf, uint, float>(d, a);
        if (to == PtxType.F32 && from == PtxType.S32 && real == "rn" && sourceBytes == 4)
            return new Unary<SignedToSingle, int, float>(d, a);
        return null;
    }

    private Instruction PackedConversion(PtxType to, PtxType from, string real, bool relu, bool finite)
    {
        if (from != PtxType.F32 || real is not ("rn" or "rz"))
            throw Error("packed conversions are cvt.rn or cvt.rz from two .f32");
        Require(finite ? 81 : 70, 80);
        Operands(3);
        int d = Write(0, PtxType.B32), high = Read(1, PtxType.F32), low = Read(2, PtxType.F32);
        bool half = to == PtxType.F16x2;
        if (real == "rn" && !relu && !finite)
            return half ? (Instruction)new Binary<PackHalf, float, uint>(d, high, low) : new VectorPack(d, high, low);
        Rounding rounding = real == "rz" ? Rounding.Zero : Rounding.Nearest;
        return new Rare(d, 4, [high, low], [4, 4], (h, l, _) => ((ulong)HalfMath.Narrow(F(h), half, rounding, relu, finite) << 16) | HalfMath.Narrow(F(l), half, rounding, relu, finite));
    }

    private static Func<ulong, ulong, ulong, ulong> ConversionFunction(PtxType to, PtxType from, string whole, string real, bool flush, bool saturate, bool relu, bool finite, int targetBytes)
    {
        Rounding rounding = real switch { "rz" => Rounding.Zero, "rm" => Rounding.Down, "rp" => Rounding.Up, _ => Rounding.Nearest };
        Func<ulong, double>? number = from switch
        {
            PtxType.F16 => x => HalfMath.FromHalf((ushort)x),
            PtxType.BF16 => x => HalfMath.FromBFloat((ushort)x),
            PtxType.F32 => flush ? x => HalfMath.Flush(F(x)) : x => F(x),
            PtxType.F64 => x => D(x),
            _ => null,
        };
        Func<ulong, Int128> integer = from switch
        {
            PtxType.U8 => x => (byte)x, PtxType.U16 => x => (ushort)x, PtxType.U32 => x => (uint)x, PtxType.U64 => x => x,
            PtxType.S8 => x => (sbyte)x, PtxType.S16 => x => (short)x, PtxType.S32 => x => (int)x, _ => x => (long)x,
        };
        if (!to.IsFloat())
        {
            (Int128 least, Int128 most) = Range(to);
            Func<Int128, ulong> store = x => Extend((ulong)(UInt128)x, to, targetBytes);
            if (number is null)
                return saturate ? (x, _, _) => store(Int128.Clamp(integer(x), least, most)) : (x, _, _) => store(integer(x));
            return (x, _, _) =>
            {
                double value = number(x);
                if (double.IsNaN(value))
                    return store(to.Bytes() == 8 ? least == 0 ? most : least : 0);
                value = whole switch { "rzi" => Math.Truncate(value), "rmi" => Math.Floor(value), "rpi" => Math.Ceiling(value), _ => Math.Round(value, MidpointRounding.ToEven) };
                return store(value <= (double)least ? least : value >= (double)most ? most : (Int128)value);
            };
        }
        Func<double, ulong> narrow = to switch
        {
            PtxType.F16 => x => HalfMath.Narrow(x, true, rounding, relu, finite),
            PtxType.BF16 => x => HalfMath.Narrow(x, false, rounding, relu, finite),
            PtxType.F32 => flush ? x => B(HalfMath.Flush(HalfMath.ToSingle(x, rounding))) : x => B(HalfMath.ToSingle(x, rounding)),
            _ => B,
        };
        return (x, _, _) =>
        {
            double value = number is null ? (double)integer(x) : number(x);
            if (whole.Length > 0)
                value = whole switch { "rzi" => Math.Truncate(value), "rmi" => Math.Floor(value), "rpi" => Math.Ceiling(value), _ => Math.Round(value, MidpointRounding.ToEven) };
            if (saturate)
                value = double.IsNaN(value) ? 0 : Math.Clamp(value, 0, 1);
            return narrow(value);
        };
    }

    private static (Int128 Least, Int128 Most) Range(PtxType type)
    {
        int bits = type.Bytes() * 8;
        return type.IsSigned() ? (-(Int128.One << (bits - 1)), (Int128.One << (bits - 1)) - 1) : (0, (Int128.One << bits) - 1);
    }

    /// <summary>An integer narrower than its register fills it: with its sign or with zeros.</summary>
    private static ulong Extend(ulong value, PtxType type, int registerBytes) => type switch
    {
        PtxType.U8 => (byte)value,
        PtxType.S8 => registerBytes == 8 ? (ulong)(sbyte)value : registerBytes == 4 ? (uint)(sbyte)value : (ushort)(sbyte)value,
        PtxType.U16 => (ushort)value,
        PtxType.S16 => registerBytes == 8 ? (ulong)(short)value : registerBytes == 4 ? (uint)(short)value : (ushort)value,
        PtxType.S32 => registerBytes == 8 ? (ulong)(int)value : (uint)value,
        PtxType.U32 => (uint)value,
        _ => value,
    };
}

internal struct SignExtend : IUnary<int, long>
{
    public static long Apply(int a) => a;
}

internal struct ZeroExtend : IUnary<uint, ulong>
{
    public static ulong Apply(uint a) => a;
}

internal struct LowHalf : IUnary<ulong, uint>
{
    public static uint Apply(ulong a) => (uint)a;
}

internal struct SingleToBFloat : IUnary<float, uint>
{
    public static uint Apply(float a) => HalfMath.ToBFloat(a);
}

internal struct SingleToHalf : IUnary<float, uint>
{
    public static uint Apply(float a) => HalfMath.ToHalf(a);
}

internal struct SignedToSingle : IUnary<int, float>
{
    public static float Apply(int a) => a;
}

internal struct PackHalf : IBinary<float, uint>
{
    public static uint Apply(float high, float low) => ((uint)HalfMath.ToHalf(high) << 16) | HalfMath.ToHalf(low);
}
