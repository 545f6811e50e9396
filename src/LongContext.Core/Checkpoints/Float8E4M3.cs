namespace LongContext.Checkpoints;

/// <summary>The 8-bit float with 4 exponent and 3 mantissa bits that checkpoints call float8_e4m3fn: no infinities, largest value 448.</summary>
/// <remarks>Micikevicius et al. 2022, arXiv:2209.05433, table 1: bias 7, all ones is NaN, subnormals in steps of 2⁻⁹.</remarks>
public static class Float8E4M3
{
    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(bits => Decode((byte)bits))];

    /// <summary>The value of a byte; NaN for 0x7F and 0xFF.</summary>
    /// <param name="bits">Sign, 4 exponent bits, 3 mantissa bits.</param>
    public static float ToSingle(byte bits) => Values[bits];

    /// <summary>The values of bytes.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">Receives as many values.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="source"/>.</exception>
    public static void ToSingle(ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (destination.Length < source.Length)
            throw new ArgumentException($"The destination has {destination.Length} elements, expected at least {source.Length}.", nameof(destination));
        float[] values = Values;
        for (int i = 0; i < source.Length; i++) destination[i] = values[source[i]];
    }

    /// <summary>The nearest value's byte, ties to the even one; beyond the range ±448, for NaN 0x7F.</summary>
    /// <param name="value">The value.</param>
    public static byte FromSingle(float value)
    {
        if (float.IsNaN(value)) return 0x7F;
        uint sign = BitConverter.SingleToUInt32Bits(value) >> 31;
        float magnitude = MathF.Abs(value);
        if (magnitude >= 448) return (byte)((sign << 7) | 0x7E);
        // Below the smallest normal value 2⁻⁶ steps are 2⁻⁹; from there the byte counts mantissas on through the exponents.
        int exponent = magnitude < 0.015625f ? -6 : (int)(BitConverter.SingleToUInt32Bits(magnitude) >> 23) - 127;
        int steps = (int)MathF.Round(MathF.ScaleB(magnitude, 3 - exponent), MidpointRounding.ToEven); // 8 to 16; of subnormal values 0 to 8
        return (byte)((sign << 7) | (uint)(((exponent + 6) << 3) + steps));
    }

    private static float Decode(byte bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        double magnitude = exponent == 15 && mantissa == 7 ? double.NaN
            : exponent == 0 ? Math.ScaleB(mantissa, -9)
            : Math.ScaleB(8 + mantissa, exponent - 10);
        return (float)((bits & 0x80) == 0 ? magnitude : -magnitude);
    }
}
