using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Tests.Pointwise;

/// <summary>Elements of the kernels' types as bytes and as double.</summary>
internal static class Elements
{
    /// <summary>Half the distance between neighbours around 1.</summary>
    public static double Unit(ElementType type) => type switch { ElementType.BFloat16 => 1.0 / 256, ElementType.Float16 => 1.0 / 2048, _ => 1.0 / (1 << 24) };

    public static double Read(ElementType type, ReadOnlySpan<byte> bytes) => type switch
    {
        ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes) << 16),
        ElementType.Float16 => (double)BitConverter.ToHalf(bytes),
        _ => BitConverter.ToSingle(bytes),
    };

    public static void Write(ElementType type, double value, Span<byte> bytes)
    {
        if (type == ElementType.BFloat16) BitConverter.TryWriteBytes(bytes, BFloat16Bits((float)value));
        else if (type == ElementType.Float16) BitConverter.TryWriteBytes(bytes, (Half)(float)value);
        else BitConverter.TryWriteBytes(bytes, (float)value);
    }

    /// <summary>The nearest value of the type.</summary>
    public static double Round(ElementType type, double value) => type switch
    {
        ElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BFloat16Bits((float)value) << 16),
        ElementType.Float16 => (double)(Half)(float)value,
        _ => (float)value,
    };

    public static ushort BFloat16Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return 0x7FFF;
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
