namespace LongContext.Cpu.Linear;

/// <summary>8-bit floats of 4 exponent and 3 mantissa bits, without infinities.</summary>
/// <remarks>Open Compute Project, "OCP 8-bit Floating Point Specification (OFP8)", revision 1.0, E4M3.</remarks>
internal static class Float8Code
{
    /// <summary>The largest number.</summary>
    public const float Largest = 448;

    private const byte NaN = 0x7F;

    /// <summary>Rounds to nearest, ties to even; what is larger than 448, infinity too, becomes 448 of its sign; NaN stays NaN.</summary>
    public static byte Of(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        var sign = (byte)((bits >> 24) & 0x80);
        float magnitude = MathF.Abs(value);
        if (float.IsNaN(value)) return (byte)(sign | NaN);
        if (magnitude >= Largest) return (byte)(sign | 0x7E);
        // Below 2^-6 codes are steps of 2^-9; the first normal number follows by itself.
        if (magnitude < 0.015625f) return (byte)(sign | (int)MathF.Round(magnitude * 512));
        int positive = bits & int.MaxValue;
        int rounded = positive + 0x7FFFF + ((positive >> 20) & 1); // half a step less one bit, and one more where the last kept bit is odd
        return (byte)(sign | Math.Min((rounded >> 20) - (120 << 3), 0x7E));
    }

    /// <summary>The number of a code.</summary>
    public static float Value(byte code)
    {
        if ((code & 0x7F) == NaN) return float.NaN;
        return BitConverter.Int32BitsToSingle(((code & 0x80) << 24) | ((code & 0x7F) << 20)) * 1.329227995784916e36f; // 2^120
    }
}
