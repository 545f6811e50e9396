using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>How far an approximate instruction may be from the true result, as the manual gives it.</summary>
internal enum ErrorMeasure
{
    /// <summary>A part of the true result.</summary>
    Relative,

    /// <summary>A fixed amount.</summary>
    Absolute,

    /// <summary>Units in the last place of the true result.</summary>
    Units,
}

/// <summary>
/// Results that are wrong by as much as the manual allows, upwards or downwards as the operands' bits fall out: the same operands always
/// give the same result, as on the hardware.
/// </summary>
internal static class ApproximateResult
{
    /// <summary>True for about one half of all operands.</summary>
    public static bool Upwards(uint bits) => ((bits ^ (bits >> 15)) * 0x9e3779b1u) >> 31 != 0;

    /// <summary>The float farthest from <paramref name="y"/> in one direction that is still within the error; in the other where that leaves the range.</summary>
    public static float Single(double y, ErrorMeasure measure, double amount, bool up, double largest = float.MaxValue)
    {
        double bound = Bound(y, measure, amount, 24, -149);
        double target = Target(y, bound, up, largest);
        float result = (float)target;
        while (Math.Abs(result - y) > bound && result != (float)y)
            result = result > y ? MathF.BitDecrement(result) : MathF.BitIncrement(result);
        return result;
    }

    /// <summary>The same for numbers of 16 bits.</summary>
    public static ushort Half(double y, ErrorMeasure measure, double amount, bool up, bool half, double largest)
    {
        double bound = Bound(y, measure, amount, half ? 11 : 8, half ? -24 : -133);
        ushort nearest = HalfMath.Narrow(y, half), result = HalfMath.Narrow(Target(y, bound, up, largest), half);
        // The bits of numbers of one sign are in their order; where the sign differs the nearest number will do.
        if (((result ^ nearest) & 0x8000) != 0)
            return nearest;
        while (result != nearest && Math.Abs(HalfMath.Widen(result, half) - y) > bound)
            result = (ushort)(result > nearest ? result - 1 : result + 1);
        return result;
    }

    private static double Target(double y, double bound, bool up, double largest) =>
        Math.Abs(up ? y + bound : y - bound) > largest ? y - Math.CopySign(bound, y) : up ? y + bound : y - bound;

    private static double Bound(double y, ErrorMeasure measure, double amount, int digits, int smallest) => measure switch
    {
        ErrorMeasure.Relative => Math.Abs(y) * amount,
        ErrorMeasure.Absolute => amount,
        _ => amount * Math.ScaleB(1, y == 0 ? smallest : Math.Max(Math.ILogB(y) - digits + 1, smallest)),
    };
}

/// <summary>rcp, sqrt, rsqrt, sin, cos, lg2, ex2, tanh and div in their .approx forms.</summary>
internal sealed unsafe class ApproximateFunction(int d, int a, int b, string name, PtxType type, bool flush) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        bool errors = w.Block.Launch.Options.ApproximateErrors;
        uint* to = (uint*)(w.Registers + d), x = (uint*)(w.Registers + a), y = b < 0 ? null : (uint*)(w.Registers + b);
        for (; mask != 0; mask &= mask - 1)
        {
            int lane = BitOperations.TrailingZeroCount(mask);
            to[lane] = type switch
            {
                PtxType.F32 => BitConverter.SingleToUInt32Bits(Single(x[lane], y == null ? 0 : y[lane], errors)),
                PtxType.F16 or PtxType.BF16 => Half(x[lane] & 0xffff, errors),
                _ => Half(x[lane] & 0xffff, errors) | ((uint)Half(x[lane] >> 16, errors) << 16),
            };
        }
    }

    /// <summary>The result of one lane.</summary>
    public float Single(uint bits, uint second, bool errors)
    {
        float x = Flush(BitConverter.UInt32BitsToSingle(bits)), z = Flush(BitConverter.UInt32BitsToSingle(second));
        double y = Exact(x, z);
        float nearest = (float)y;
        if (errors && !IsGiven(x, nearest))
        {
            (ErrorMeasure measure, double amount) = name switch
            {
                "rcp" => (ErrorMeasure.Units, 1),
                "div" or "ex2" => (ErrorMeasure.Units, 2.0),
                "sqrt" => (ErrorMeasure.Relative, 1.0 / (1 << 23)),
                "rsqrt" => (ErrorMeasure.Relative, 1.2776535e-7), // 2^−22.9
                "lg2" => (x is > 0.5f and < 2 ? ErrorMeasure.Absolute : ErrorMeasure.Relative, 1.0 / (1 << 22)),
                "tanh" => (ErrorMeasure.Relative, 1.0 / (1 << 11)),
                _ => (ErrorMeasure.Absolute, 6.7434957e-7), // sin and cos within ±2π: 2^−20.5
            };
            // ex2 is within two units of the rounded result, the others of the true one.
            nearest = ApproximateResult.Single(name == "ex2" ? nearest : y, measure, amount, ApproximateResult.Upwards(bits ^ BitOperations.RotateLeft(second, 7)), Largest);
        }
        return Flush(nearest);
    }

    private ushort Half(uint bits, bool errors)
    {
        bool half = type is PtxType.F16 or PtxType.F16x2;
        float x = HalfMath.Widen(bits, half);
        double y = Exact(x, 0);
        ushort nearest = HalfMath.Narrow(y, half);
        if (!errors || IsGiven(x, HalfMath.Widen(nearest, half)))
            return nearest;
        (ErrorMeasure measure, double amount) = (name, half) switch
        {
            ("ex2", true) => (ErrorMeasure.Relative, 1.0466537e-3), // 2^−9.9
            ("ex2", false) => (ErrorMeasure.Relative, 1.0 / (1 << 7)),
            (_, true) => (ErrorMeasure.Absolute, 4.9270099e-4), // 2^−10.987
            _ => (ErrorMeasure.Absolute, 1.0 / (1 << 8)),
        };
        return ApproximateResult.Half(y, measure, amount, ApproximateResult.Upwards(bits), half, Math.Min(Largest, half ? 65504 : 3.38e38));
    }

    private double Largest => name is "tanh" or "sin" or "cos" ? 1 : float.MaxValue;

    /// <summary>Whether the manual's table gives the result: for zeros, infinities and NaN, and where a result overflows or vanishes.</summary>
    private bool IsGiven(float x, float nearest) => x == 0 || !float.IsFinite(x) || !float.IsFinite(nearest) || (nearest == 0 && name != "lg2");

    private double Exact(double x, double z) => name switch
    {
        "rcp" => 1 / x,
        "sqrt" => Math.Sqrt(x),
        "rsqrt" => 1 / Math.Sqrt(x),
        "sin" => Math.Sin(x),
        "cos" => Math.Cos(x),
        "lg2" => Math.Log2(x),
        "ex2" => Math.Pow(2, x),
        "tanh" => Math.Tanh(x),
        _ => x / z,
    };

    private float Flush(float x) => flush ? HalfMath.Flush(x) : x;
}

/// <summary>ex2.approx.f32, eight lanes at a time: the most frequent of them.</summary>
internal sealed unsafe class VectorExp2(int d, int a, bool flush) : Instruction
{
    private const float SmallestNormal = 1.17549435e-38f;

    private readonly ApproximateFunction rare = new(0, 0, -1, "ex2", PtxType.F32, flush);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        bool errors = w.Block.Launch.Options.ApproximateErrors;
        float* to = (float*)(w.Registers + d), x = (float*)(w.Registers + a);
        for (int i = 0; i < 32; i += 8)
        {
            if ((mask >> i & 0xff) == 0)
                continue;
            Vector256<float> value = Vector256.Load(x + i);
            if (flush)
                value = Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(value), Vector256.Create(SmallestNormal)), default, value);
            Vector256<float> usual = Vector256.GreaterThan(value, Vector256.Create(-125f)) & Vector256.LessThan(value, Vector256.Create(127.9f));
            // Tiny and NaN results go the exact way; they are rare. Each lane by itself: the ways differ in the last bit, and lanes that do
            // not run hold anything.
            uint odd = ~usual.ExtractMostSignificantBits() & (mask >> i) & 0xff;
            Vector256<float> result = errors ? Wrong(value) : Usual(value);
            for (; odd != 0; odd &= odd - 1)
            {
                int k = BitOperations.TrailingZeroCount(odd);
                result = result.WithElement(k, rare.Single(BitConverter.SingleToUInt32Bits(value.GetElement(k)), 0, errors));
            }
            if (mask != ~0u)
                result = Vector256.ConditionalSelect(Lanes.Mask(mask >> i).AsSingle(), result, Vector256.Load(to + i));
            result.Store(to + i);
        }
    }

    private static Vector256<float> Usual(Vector256<float> x)
    {
        Vector256<float> n = Vector256.Round(x), f = x - n;
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(f);
        Vector256<float> p = Vector256.Narrow(Series(low), Series(high));
        return (p.AsInt32() + (Vector256.ConvertToInt32(n) << 23)).AsSingle();
    }

    /// <summary>The series of 2^f on [−½, ½]: the rest is far below float32's rounding.</summary>
    private static Vector256<double> Series(Vector256<double> f)
    {
        Vector256<double> p = Vector256.Create(1.0178086009239699e-7);
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.3215486790144309e-6));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.5252733804059841e-5));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.5403530393381610e-4));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.3333558146428443e-3));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(9.6181291076284772e-3));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(5.5504108664821580e-2));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(2.4022650695910071e-1));
        p = Vector256.FusedMultiplyAdd(p, f, Vector256.Create(6.9314718055994531e-1));
        return Vector256.FusedMultiplyAdd(p, f, Vector256.Create(1.0));
    }

    /// <summary>Two units above or below, as <see cref="ApproximateResult.Upwards"/> says; 2^0 is 1.</summary>
    private static Vector256<float> Wrong(Vector256<float> x)
    {
        Vector256<uint> bits = x.AsUInt32();
        Vector256<uint> up = ((bits ^ (bits >> 15)) * Vector256.Create(0x9e3779b1u)) >> 31;
        Vector256<int> step = ((up << 2).AsInt32() - Vector256.Create(2)) & ~Vector256.Equals(x, default).AsInt32();
        return (Usual(x).AsInt32() + step).AsSingle();
    }
}
