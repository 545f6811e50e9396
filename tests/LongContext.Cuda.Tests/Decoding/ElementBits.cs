using LongContext.Cuda.Decoding;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>bfloat16 and float16 as bits, rounded to nearest, ties to even.</summary>
internal static class ElementBits
{
    public static ushort From(CacheElement element, float value)
    {
        if (element == CacheElement.Float16) return BitConverter.HalfToUInt16Bits((Half)value);
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7fff : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static float ToSingle(CacheElement element, ushort bits) =>
        element == CacheElement.Float16 ? (float)BitConverter.UInt16BitsToHalf(bits) : BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Round(CacheElement element, double value) => ToSingle(element, From(element, (float)value));
}
