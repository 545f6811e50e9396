namespace LongContext.Cpu.Attention;

/// <summary>
/// Numbers of one token and head into a cache's format. bfloat16 and E4M3 round to nearest, ties to even. With scales: int8 has scale = max|x| / 127 and an error of
/// at most scale / 2; E4M3 has scale = max|x| / 448 and an error of at most |x| / 16, or scale / 1024 for small numbers. A NaN or infinity makes the scale NaN.
/// </summary>
internal static unsafe class CacheRounding
{
    private const float LargestFloat8 = 448;

    /// <summary>The nearest bfloat16's bits; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The nearest E4M3 number's code; the value lies within ±448.</summary>
    public static byte ToFloat8(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint sign = (bits >> 24) & 0x80;
        float magnitude = Math.Min(MathF.Abs(value), LargestFloat8);
        // Below 2⁻⁶ the numbers are multiples of 2⁻⁹.
        if (magnitude < 1f / 64) return (byte)(sign | (uint)MathF.Round(magnitude * 512, MidpointRounding.ToEven));
        uint wide = BitConverter.SingleToUInt32Bits(magnitude);
        return (byte)(sign | (((wide + 0x7FFFF + ((wide >> 20) & 1)) >> 20) - ((127 - 7) << 3)));
    }

    /// <summary>Writes codes, one behind another.</summary>
    /// <returns>The scale; 1 for formats without.</returns>
    public static float Round(CacheFormat format, float* source, int count, byte* target)
    {
        switch (format)
        {
            case CacheFormat.Float32:
                Buffer.MemoryCopy(source, target, count * sizeof(float), count * sizeof(float));
                return 1;
            case CacheFormat.BFloat16:
                for (int i = 0; i < count; i++) ((ushort*)target)[i] = ToBFloat16(source[i]);
                return 1;
        }

        float largest = 0;
        bool finite = true;
        for (int i = 0; i < count; i++)
        {
            finite &= float.IsFinite(source[i]);
            largest = Math.Max(largest, MathF.Abs(source[i]));
        }

        float scale = finite ? largest / (format == CacheFormat.Int8 ? 127f : LargestFloat8) : float.NaN;
        // A scale that is denormal has too few bits to divide by; such numbers are zero beside everything else.
        if (!float.IsNormal(scale))
        {
            new Span<byte>(target, count).Clear();
            return float.IsNaN(scale) ? scale : 0;
        }

        for (int i = 0; i < count; i++)
        {
            float code = source[i] / scale;
            target[i] = format == CacheFormat.Int8 ? (byte)(sbyte)Math.Clamp(MathF.Round(code, MidpointRounding.ToEven), -127, 127) : ToFloat8(code);
        }

        return scale;
    }
}
