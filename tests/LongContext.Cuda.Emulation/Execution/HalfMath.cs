namespace LongContext.Cuda.Emulation.Execution;

internal enum Rounding
{
    Nearest, Zero, Down, Up, NearestAway,
}

/// <summary>Numbers of 16 bits, float16 and bfloat16, as the hardware rounds them.</summary>
internal static class HalfMath
{
    private static readonly float[] Table = MakeTable();

    private static float[] MakeTable()
    {
        var table = new float[65536];
        for (int i = 0; i < table.Length; i++)
            table[i] = (float)BitConverter.UInt16BitsToHalf((ushort)i);
        return table;
    }

    public static float FromHalf(ushort bits) => Table[bits];

    public static float FromBFloat(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Widen(uint bits, bool half) => half ? Table[bits & 0xffff] : BitConverter.UInt32BitsToSingle(bits << 16);

    public static ushort ToBFloat(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        if (float.IsNaN(x))
            return 0x7fff;
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static ushort ToHalf(float x) => float.IsNaN(x) ? (ushort)0x7fff : BitConverter.HalfToUInt16Bits((Half)x);

    public static ushort Narrow(double x, bool half, Rounding rounding = Rounding.Nearest, bool relu = false, bool saturateFinite = false)
    {
        if (double.IsNaN(x))
            return 0x7fff;
        if (relu && x < 0)
            x = 0;
        if (rounding == Rounding.Nearest && !saturateFinite && (float)x == x)
            return half ? ToHalf((float)x) : ToBFloat((float)x);
        double r = Round(x, half ? 11 : 8, half ? -24 : -133, rounding);
        double largest = half ? 65504 : 3.3895313892515355e38;
        if (Math.Abs(r) > largest && !double.IsInfinity(x))
        {
            bool stays = rounding == Rounding.Zero || (rounding == Rounding.Down && x > 0) || (rounding == Rounding.Up && x < 0);
            r = stays || saturateFinite ? Math.CopySign(largest, x) : Math.CopySign(double.PositiveInfinity, x);
        }
        else if (double.IsInfinity(x) && saturateFinite)
            r = Math.CopySign(largest, x);
        return half ? BitConverter.HalfToUInt16Bits((Half)(float)r) : (ushort)(BitConverter.SingleToUInt32Bits((float)r) >> 16);
    }

    /// <summary>Rounds to a number of significant bits, not finer than 2^<paramref name="smallest"/>.</summary>
    public static double Round(double x, int bits, int smallest, Rounding rounding)
    {
        if (x == 0 || double.IsInfinity(x) || double.IsNaN(x))
            return x;
        int exponent = Math.Max(Math.ILogB(x) - bits + 1, smallest);
        double scaled = Math.ScaleB(x, -exponent);
        double whole = rounding switch
        {
            Rounding.Zero => Math.Truncate(scaled),
            Rounding.Down => Math.Floor(scaled),
            Rounding.Up => Math.Ceiling(scaled),
            Rounding.NearestAway => Math.Round(scaled, MidpointRounding.AwayFromZero),
            _ => Math.Round(scaled, MidpointRounding.ToEven),
        };
        return Math.CopySign(Math.ScaleB(whole, exponent), x);
    }

    public static float ToSingle(double x, Rounding rounding)
    {
        if (rounding == Rounding.Nearest || (float)x == x || double.IsNaN(x))
            return (float)x;
        double r = Round(x, 24, -149, rounding);
        if (Math.Abs(r) > float.MaxValue && !double.IsInfinity(x))
        {
            bool stays = rounding == Rounding.Zero || (rounding == Rounding.Down && x > 0) || (rounding == Rounding.Up && x < 0);
            return stays ? (float)Math.CopySign(float.MaxValue, x) : (float)Math.CopySign(double.PositiveInfinity, x);
        }
        return (float)r;
    }

    public static float Flush(float x) => Math.Abs(x) < 1.17549435e-38f ? MathF.CopySign(0, x) : x;

    public static Func<float, float, bool> Comparison(string op) => op switch
    {
        "eq" => (a, b) => a == b,
        "ne" => (a, b) => a < b || a > b,
        "lt" => (a, b) => a < b,
        "le" => (a, b) => a <= b,
        "gt" => (a, b) => a > b,
        "ge" => (a, b) => a >= b,
        "equ" => (a, b) => !(a < b || a > b),
        "neu" => (a, b) => a != b,
        "ltu" => (a, b) => !(a >= b),
        "leu" => (a, b) => !(a > b),
        "gtu" => (a, b) => !(a <= b),
        "geu" => (a, b) => !(a < b),
        "num" => (a, b) => !float.IsNaN(a) && !float.IsNaN(b),
        _ => (a, b) => float.IsNaN(a) || float.IsNaN(b),
    };

    public static float Minimum(float a, float b, bool nan)
    {
        if (float.IsNaN(a) || float.IsNaN(b))
            return nan || (float.IsNaN(a) && float.IsNaN(b)) ? BitConverter.UInt32BitsToSingle(0x7fffffff) : float.IsNaN(a) ? b : a;
        return MathF.Min(a, b);
    }

    public static float Maximum(float a, float b, bool nan)
    {
        if (float.IsNaN(a) || float.IsNaN(b))
            return nan || (float.IsNaN(a) && float.IsNaN(b)) ? BitConverter.UInt32BitsToSingle(0x7fffffff) : float.IsNaN(a) ? b : a;
        return MathF.Max(a, b);
    }
}
