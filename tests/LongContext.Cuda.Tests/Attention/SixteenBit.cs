using LongContext.Cuda.Attention;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>bfloat16 and float16: rounding to nearest, ties to even, as the kernels do.</summary>
internal static class SixteenBit
{
    public static ushort Bits(float value, AttentionElement element)
    {
        if (element == AttentionElement.Float16) return BitConverter.HalfToUInt16Bits((Half)value);
        if (float.IsNaN(value)) return 0x7fff;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static float Value(ushort bits, AttentionElement element) =>
        element == AttentionElement.Float16 ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Round(float value, AttentionElement element) => Value(Bits(value, element), element);

    public static void Round(Span<float> values, AttentionElement element)
    {
        foreach (ref float value in values) value = Round(value, element);
    }

    /// <summary>Half the distance from 1 to the next larger number: the relative error of rounding.</summary>
    public static double Roundoff(AttentionElement element) => element == AttentionElement.Float16 ? 1.0 / 2048 : 1.0 / 256;
}
