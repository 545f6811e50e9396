using System.Buffers.Binary;

namespace LongContext.Gguf;

/// <summary>Single-precision values to and from the bytes of a tensor.</summary>
internal static class GgufElements
{
    /// <summary>Encodes whole blocks.</summary>
    /// <param name="type">A known type.</param>
    /// <param name="values">The values; a whole number of the type's blocks.</param>
    /// <param name="target">Exactly the bytes that they take.</param>
    /// <returns>False where a value does not fit the type: beyond half precision's range, or not finite where a block has one scale.</returns>
    public static bool TryEncode(GgufTensorType type, ReadOnlySpan<float> values, Span<byte> target)
    {
        switch (type)
        {
            case GgufTensorType.Float32:
                for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(target[(4 * i)..], values[i]);
                return true;
            case GgufTensorType.Float16:
                return TryEncodeHalves(values, target);
            case GgufTensorType.BFloat16:
                for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(target[(2 * i)..], ToBFloat16(values[i]));
                return true;
            case GgufTensorType.Q4_0:
                return Q4Blocks.TryEncode(values, target);
            default:
                return Q8Blocks.TryEncode(values, target);
        }
    }

    /// <summary>Decodes whole blocks of a known type.</summary>
    public static void Decode(GgufTensorType type, ReadOnlySpan<byte> source, Span<float> values)
    {
        switch (type)
        {
            case GgufTensorType.Float32:
                for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(4 * i)..]);
                break;
            case GgufTensorType.Float16:
                for (int i = 0; i < values.Length; i++) values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                break;
            case GgufTensorType.BFloat16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
                break;
            case GgufTensorType.Q4_0:
                Q4Blocks.Decode(source, values);
                break;
            default:
                Q8Blocks.Decode(source, values);
                break;
        }
    }

    private static bool TryEncodeHalves(ReadOnlySpan<float> values, Span<byte> target)
    {
        for (int i = 0; i < values.Length; i++)
        {
            var half = (Half)values[i];
            if (Half.IsInfinity(half) && float.IsFinite(values[i])) return false;
            BinaryPrimitives.WriteHalfLittleEndian(target[(2 * i)..], half);
        }

        return true;
    }

    /// <summary>Rounded to the nearest, ties to even; a NaN stays one.</summary>
    private static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
