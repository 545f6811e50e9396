namespace LongContext.Models.Quantization;

/// <summary>From float32 to a type of the host, to the nearest, ties to even.</summary>
internal interface IHostRounding<T>
{
    static abstract T Of(float value);
}

/// <summary>Stays float32.</summary>
internal readonly struct SingleRounding : IHostRounding<float>
{
    public static float Of(float value) => value;
}

/// <summary>Widens.</summary>
internal readonly struct DoubleRounding : IHostRounding<double>
{
    public static double Of(float value) => value;
}

/// <summary>To float16.</summary>
internal readonly struct HalfRounding : IHostRounding<Half>
{
    public static Half Of(float value) => (Half)value;
}

/// <summary>To bfloat16, as its bits.</summary>
internal readonly struct BFloat16Rounding : IHostRounding<ushort>
{
    public static ushort Of(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
