using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private static float F(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong B(float value) => BitConverter.SingleToUInt32Bits(value);

    private static double D(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong B(double value) => BitConverter.DoubleToUInt64Bits(value);

    private Instruction? FloatingPoint(string name)
    {
        if (!PtxTypes.TryParse(source.Parts[^1], out PtxType last) || !last.IsFloat())
            return null;
        switch (name)
        {
            case "add" or "sub" or "mul" or "fma" or "mad":
                return FloatArithmetic(name, last);
            case "min" or "max":
                return FloatExtremum(name);
            case "abs" or "neg":
                return FloatSign(name);
            case "div":
                return FloatDivision();
            case "rcp" or "sqrt" or "rsqrt" or "sin" or "cos" or "lg2" or "ex2" or "tanh":
                return Special(name);
            case "copysign":
                PtxType type = TypeOf(PtxType.F32, PtxType.F64);
                Operands(3);
                int d = Write(0, type), a = Read(1, type), b = Read(2, type);
                return As(InstructionClass.Float, type == PtxType.F32
                    ? new Rare(d, 4, [a, b], [4, 4], (x, y, _) => (y & 0x7fffffff) | (x & 0x80000000))
                    : new Rare(d, 8, [a, b], [8, 8], (x, y, _) => (y & (ulong.MaxValue >> 1)) | (x & (1ul << 63))));
            default:
                return null;
        }
    }

    private Rounding NextRounding()
    {
        string name = NextOf("rn", "rz", "rm", "rp");
        return name switch { "rz" => Rounding.Zero, "rm" => Rounding.Down, "rp" => Rounding.Up, _ => Rounding.Nearest };
    }

    private Instruction FloatArithmetic(string name, PtxType last)
    {
        bool rounded = Here is "rn" or "rz" or "rm" or "rp";
        Rounding rounding = NextRounding();
        if (name is "fma" or "mad" && !rounded)
            throw Error("a rounding modifier is needed (.rn)");
        bool flush = Next("ftz");
        bool saturate = Next("sat");
        bool relu = name == "fma" && Next("relu");
        PtxType type = TypeOf(PtxType.F32, PtxType.F64, PtxType.F16, PtxType.F16x2, PtxType.BF16, PtxType.BF16x2);
        if (type.Bytes() == 8 && (flush || saturate))
            throw Error(".ftz and .sat are for .f32");
        if (last is PtxType.F16 or PtxType.F16x2 or PtxType.BF16 or PtxType.BF16x2)
            return HalfArithmetic(name, type, rounding, flush, saturate, relu);
        if (relu)
            throw Error(".relu is for 16-bit types");
        bool three = name is "fma" or "mad";
        Operands(three ? 4 : 3);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type), c = three ? Read(3, type) : 0;
        if (type == PtxType.F64)
        {
            if (rounding != Rounding.Nearest)
                throw Error("directed rounding of .f64 is not emulated");
            Class = InstructionClass.Double;
            return name switch
            {
                "add" => new Binary<Add<double>, double, double>(d, a, b),
                "sub" => new Binary<Subtract<double>, double, double>(d, a, b),
                "mul" => new Binary<Multiply<double>, double, double>(d, a, b),
                _ => new Ternary<FusedDouble, double, double>(d, a, b, c),
            };
        }
        Class = InstructionClass.Float;
        if (flush || saturate || rounding != Rounding.Nearest)
            return FloatWithModifiers(name, rounding, flush, saturate, d, a, b, c);
        return name switch
        {
            "add" => new VectorFloat(d, a, b, 0, VectorFloat.Kind.Add),
            "sub" => new VectorFloat(d, a, b, 0, VectorFloat.Kind.Subtract),
            "mul" => new VectorFloat(d, a, b, 0, VectorFloat.Kind.Multiply),
            _ => new VectorFloat(d, a, b, c, VectorFloat.Kind.Fused),
        };
    }

    private static Rare FloatWithModifiers(string name, Rounding rounding, bool flush, bool saturate, int d, int a, int b, int c)
    {
        float In(ulong x) => flush ? HalfMath.Flush(F(x)) : F(x);
        float Out(float x)
        {
            if (saturate)
                x = float.IsNaN(x) ? 0 : Math.Clamp(x, 0, 1);
            return flush ? HalfMath.Flush(x) : x;
        }

        // The double result of add, sub and mul is exact or rounds so finely that the second rounding does not matter here.
        Func<ulong, ulong, ulong, ulong> f = name switch
        {
            "add" => (x, y, _) => B(Out(HalfMath.ToSingle((double)In(x) + In(y), rounding))),
            "sub" => (x, y, _) => B(Out(HalfMath.ToSingle((double)In(x) - In(y), rounding))),
            "mul" => (x, y, _) => B(Out(HalfMath.ToSingle((double)In(x) * In(y), rounding))),
            _ => (x, y, z) => B(Out(rounding == Rounding.Nearest ? MathF.FusedMultiplyAdd(In(x), In(y), In(z)) : HalfMath.ToSingle(((double)In(x) * In(y)) + In(z), rounding))),
        };
        return new Rare(d, 4, [a, b, c], [4, 4, 4], f);
    }

    private Rare HalfArithmetic(string name, PtxType type, Rounding rounding, bool flush, bool saturate, bool relu)
    {
        bool half = type is PtxType.F16 or PtxType.F16x2;
        if (rounding != Rounding.Nearest)
            throw Error("16-bit arithmetic rounds to nearest");
        if (!half && (flush || saturate))
            throw Error(".ftz and .sat are not for .bf16");
        if (!half)
            Require(name == "fma" ? 70 : 78, name == "fma" ? 80 : 90);
        else if (relu)
            Require(70, 80);
        if (name == "mad")
            throw Error("mad has no 16-bit floating-point form");
        bool three = name == "fma";
        Operands(three ? 4 : 3);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type), c = three ? Read(3, type) : 0;
        ulong One(uint x, uint y, uint z)
        {
            double u = HalfMath.Widen(x, half), v = HalfMath.Widen(y, half), t = HalfMath.Widen(z, half);
            double r = name switch { "add" => u + v, "sub" => u - v, "mul" => u * v, _ => (u * v) + t };
            if (saturate)
                r = double.IsNaN(r) ? 0 : Math.Clamp(r, 0, 1);
            return HalfMath.Narrow(r, half, Rounding.Nearest, relu);
        }

        return As(InstructionClass.Half, new Rare(d, type.Bytes(), three ? [a, b, c] : [a, b], three ? [4, 4, 4] : [4, 4], type.Bytes() == 2
            ? (x, y, z) => One((uint)x & 0xffff, (uint)y & 0xffff, (uint)z & 0xffff)
            : (x, y, z) => One((uint)x & 0xffff, (uint)y & 0xffff, (uint)z & 0xffff) | (One((uint)x >> 16, (uint)y >> 16, (uint)z >> 16) << 16)));
    }

    private Instruction FloatExtremum(string name)
    {
        bool flush = Next("ftz");
        bool nan = Next("NaN");
        if (Next("xorsign"))
            throw Error(".xorsign.abs is not emulated");
        PtxType type = TypeOf(PtxType.F32, PtxType.F64, PtxType.F16, PtxType.F16x2, PtxType.BF16, PtxType.BF16x2);
        bool three = Count == 4;
        if (three)
            Require(88, 100);
        if (nan || type is PtxType.F16 or PtxType.F16x2 or PtxType.BF16 or PtxType.BF16x2)
            Require(70, 80);
        if (type == PtxType.F64 && (flush || nan))
            throw Error(".ftz and .NaN are not for .f64");
        Operands(3);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type);
        bool min = name == "min";
        if (type == PtxType.F64)
            return As(InstructionClass.Double, new Rare(d, 8, [a, b], [8, 8], (x, y, _) => B(double.IsNaN(D(x)) ? D(y) : double.IsNaN(D(y)) ? D(x) : min ? Math.Min(D(x), D(y)) : Math.Max(D(x), D(y)))));
        if (type == PtxType.F32)
        {
            Class = InstructionClass.Float;
            if (!flush && !nan)
                return new VectorFloat(d, a, b, 0, min ? VectorFloat.Kind.Minimum : VectorFloat.Kind.Maximum);
            float In(ulong x) => flush ? HalfMath.Flush(F(x)) : F(x);
            return new Rare(d, 4, [a, b], [4, 4], (x, y, _) => B(min ? HalfMath.Minimum(In(x), In(y), nan) : HalfMath.Maximum(In(x), In(y), nan)));
        }
        bool half = type is PtxType.F16 or PtxType.F16x2;
        ulong One(uint x, uint y)
        {
            float u = HalfMath.Widen(x, half), v = HalfMath.Widen(y, half);
            return HalfMath.Narrow(min ? HalfMath.Minimum(u, v, nan) : HalfMath.Maximum(u, v, nan), half);
        }

        return As(InstructionClass.Half, new Rare(d, type.Bytes(), [a, b], [4, 4], type.Bytes() == 2 ? (x, y, _) => One((uint)x & 0xffff, (uint)y & 0xffff)
            : (x, y, _) => One((uint)x & 0xffff, (uint)y & 0xffff) | (One((uint)x >> 16, (uint)y >> 16) << 16)));
    }

    private Instruction FloatSign(string name)
    {
        bool flush = Next("ftz");
        PtxType type = TypeOf(PtxType.F32, PtxType.F64, PtxType.F16, PtxType.F16x2, PtxType.BF16, PtxType.BF16x2);
        if (type is PtxType.BF16 or PtxType.BF16x2)
            Require(70, 80);
        Operands(2);
        int d = Write(0, type), a = Read(1, type);
        bool clear = name == "abs";
        if (type == PtxType.F32 && !flush)
            return As<Instruction>(InstructionClass.Float, clear ? new Unary<ClearSign, uint, uint>(d, a) : new Unary<FlipSign, uint, uint>(d, a));
        if (type == PtxType.F32)
            return As(InstructionClass.Float, new Rare(d, 4, [a], [4], (x, _, _) => B(HalfMath.Flush(clear ? MathF.Abs(F(x)) : -F(x)))));
        ulong sign = type switch { PtxType.F64 => 1ul << 63, PtxType.F16 or PtxType.BF16 => 0x8000, _ => 0x80008000 };
        int bytes = type.Bytes();
        return As(bytes == 8 ? InstructionClass.Double : InstructionClass.Half, new Rare(d, bytes, [a], [bytes == 8 ? 8 : 4], clear ? (x, _, _) => x & ~sign : (x, _, _) => x ^ sign));
    }

    private Instruction FloatDivision()
    {
        string form = NextOf("approx", "full", "rn");
        if (form.Length == 0)
            throw Error("div of floating-point numbers needs .approx, .full or .rn");
        bool flush = Next("ftz");
        PtxType type = TypeOf(PtxType.F32, PtxType.F64);
        if (type == PtxType.F64 && (form != "rn" || flush))
            throw Error("div.f64 needs .rn alone");
        Operands(3);
        int d = Write(0, type), a = Read(1, type), b = Read(2, type);
        if (type == PtxType.F64)
            return As(InstructionClass.Double, new Binary<DivideDouble, double, double>(d, a, b));
        Class = InstructionClass.Special;
        if (form != "rn")
            return new ApproximateFunction(d, a, b, "div", type, flush);
        if (flush)
            return new Rare(d, 4, [a, b], [4, 4], (x, y, _) => B(HalfMath.Flush(HalfMath.Flush(F(x)) / HalfMath.Flush(F(y)))));
        return new Binary<DivideSingle, float, float>(d, a, b);
    }

    private Instruction Special(string name)
    {
        bool approximate = Next("approx");
        if (!approximate && !(name is "rcp" or "sqrt" && Next("rn")))
            throw Error($"{name} needs .approx{(name is "rcp" or "sqrt" ? " or .rn" : "")}");
        bool flush = Next("ftz");
        PtxType type = TypeOf(PtxType.F32, PtxType.F64, PtxType.F16, PtxType.F16x2, PtxType.BF16, PtxType.BF16x2);
        if (type == PtxType.F64 && (name is "sin" or "cos" or "lg2" or "ex2" or "tanh" || (approximate && !flush)))
            throw Error($"{source.Opcode} has no .f64 form");
        if (type is not (PtxType.F32 or PtxType.F64))
        {
            if (name is not ("ex2" or "tanh"))
                throw Error($"{name} has no 16-bit form");
            bool brain = type is PtxType.BF16 or PtxType.BF16x2;
            if (name == "ex2" && brain != flush)
                throw Error(brain ? "ex2.approx.ftz is the form for .bf16" : "ex2 of .f16 takes no .ftz");
            Require(brain ? 78 : 70, brain ? 90 : 75);
        }
        if (name == "tanh")
            Require(70, 75);
        Operands(2);
        int d = Write(0, type), a = Read(1, type);
        Class = InstructionClass.Special;
        if (type == PtxType.F64)
            return new Rare(d, 8, [a], [8], name switch { "rcp" => (x, _, _) => B(1 / D(x)), "sqrt" => (x, _, _) => B(Math.Sqrt(D(x))), _ => (x, _, _) => B(1 / Math.Sqrt(D(x))) });
        if (name == "ex2" && type == PtxType.F32)
            return new VectorExp2(d, a, flush);
        if (approximate)
            return new ApproximateFunction(d, a, -1, name, type, flush && type == PtxType.F32);
        Func<float, float> f = name == "rcp" ? x => 1 / x : MathF.Sqrt;
        return new Rare(d, 4, [a], [4], flush ? (x, _, _) => B(HalfMath.Flush(f(HalfMath.Flush(F(x))))) : (x, _, _) => B(f(F(x))));
    }
}
