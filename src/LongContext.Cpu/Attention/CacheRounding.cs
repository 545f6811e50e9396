using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Pointwise;

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
                RoundBFloat16(source, count, (ushort*)target);
                return 1;
        }

        float largest = Largest(source, count, out bool finite);
        float scale = finite ? largest / (format == CacheFormat.Int8 ? 127f : LargestFloat8) : float.NaN;
        // A scale that is denormal has too few bits to divide by; such numbers are zero beside everything else.
        if (!float.IsNormal(scale))
        {
            new Span<byte>(target, count).Clear();
            return float.IsNaN(scale) ? scale : 0;
        }

        int done = 0;
        for (; done + 16 <= count; done += 16)
        {
            Vector512<float> codes = Vector512.Load(source + done) / Vector512.Create(scale);
            Bytes(format == CacheFormat.Int8 ? Integers(codes) : Float8Codes(codes)).Store(target + done);
        }

        for (int i = done; i < count; i++)
        {
            float code = source[i] / scale;
            target[i] = format == CacheFormat.Int8 ? (byte)(sbyte)Math.Clamp(MathF.Round(code, MidpointRounding.ToEven), -127, 127) : ToFloat8(code);
        }

        return scale;
    }

    private static void RoundBFloat16(float* source, int count, ushort* target)
    {
        int done = 0;
        for (; done + 16 <= count; done += 16)
        {
            Vector512<float> x = Vector512.Load(source + done);
            Vector512<uint> bits = x.AsUInt32();
            Vector512<uint> rounded = bits + Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One);
            bits = Vector512.ConditionalSelect(Vector512.Equals(x, x).AsUInt32(), rounded, bits | Vector512.Create(0x400000u)) >> 16;
            Vector256<ushort> words = Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(bits) : Vector256.Narrow(bits.GetLower(), bits.GetUpper());
            words.Store(target + done);
        }

        for (int i = done; i < count; i++) target[i] = ToBFloat16(source[i]);
    }

    private static float Largest(float* source, int count, out bool finite)
    {
        Vector512<float> largest = Vector512<float>.Zero;
        int done = 0;
        // Max of .NET hands a NaN on, as infinity is the largest anyway.
        for (; done + 16 <= count; done += 16) largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(source + done)));
        finite = Vector512.LessThanAll(largest, Vector512.Create(float.PositiveInfinity));
        float result = VectorMath.Max(largest);
        for (; done < count; done++)
        {
            finite &= float.IsFinite(source[done]);
            result = Math.Max(result, MathF.Abs(source[done]));
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Integers(Vector512<float> codes) =>
        Vector512.ConvertToInt32Native(Vector512.Min(Vector512.Max(Vector512.Round(codes), Vector512.Create(-127f)), Vector512.Create(127f)));

    /// <summary>As <see cref="ToFloat8"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Float8Codes(Vector512<float> codes)
    {
        Vector512<uint> sign = (codes.AsUInt32() >> 24) & Vector512.Create(0x80u);
        Vector512<float> magnitude = Vector512.Min(Vector512.Abs(codes), Vector512.Create(LargestFloat8));
        Vector512<uint> small = Vector512.ConvertToInt32Native(Vector512.Round(magnitude * Vector512.Create(512f))).AsUInt32();
        Vector512<uint> wide = magnitude.AsUInt32();
        Vector512<uint> normal = ((wide + Vector512.Create(0x7FFFFu) + ((wide >> 20) & Vector512<uint>.One)) >> 20) - Vector512.Create((127u - 7) << 3);
        Vector512<uint> isSmall = Vector512.LessThan(magnitude, Vector512.Create(1f / 64)).AsUInt32();
        return (sign | Vector512.ConditionalSelect(isSmall, small, normal)).AsInt32();
    }

    /// <summary>The low byte of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Bytes(Vector512<int> lanes)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector128Byte(lanes);
        Vector512<int> low = lanes & Vector512.Create(0xFF);
        Vector256<ushort> words = Vector256.Narrow(low.GetLower().AsUInt32(), low.GetUpper().AsUInt32());
        return Vector128.Narrow(words.GetLower(), words.GetUpper());
    }
}
