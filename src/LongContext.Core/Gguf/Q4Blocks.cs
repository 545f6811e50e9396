using System.Buffers.Binary;

namespace LongContext.Gguf;

/// <summary>
/// The block format Q4_0: 32 elements as codes q of 0 … 15 with one scale d in half precision, x ≈ d·(q − 8). The element that is largest in size has the code 0, so d is minus an eighth of it; q is
/// x / d + 8, rounded to the nearest. Byte j holds element j in its lower half and element j + 16 in its upper.
/// </summary>
internal static class Q4Blocks
{
    /// <summary>Elements of a block.</summary>
    public const int Elements = 32;

    /// <summary>Bytes of a block: the scale and the elements.</summary>
    public const int Bytes = 2 + (Elements / 2);

    /// <summary>Quantises whole blocks.</summary>
    /// <returns>False where a value is not finite or too large for the scale's half precision (max|x| ≥ 8·65,520).</returns>
    public static bool TryEncode(ReadOnlySpan<float> values, Span<byte> target)
    {
        for (; !values.IsEmpty; values = values[Elements..], target = target[Bytes..])
        {
            ReadOnlySpan<float> block = values[..Elements];
            float largest = 0;
            foreach (float value in block)
            {
                if (!float.IsFinite(value)) return false;
                if (Math.Abs(value) > Math.Abs(largest)) largest = value;
            }

            // As for Q8_0, the elements are divided by the scale before it is rounded.
            float scale = largest / -8, inverse = scale == 0 ? 0 : 1 / scale;
            if (!float.IsFinite(inverse)) (scale, inverse) = (0, 0);
            var half = (Half)scale;
            if (Half.IsInfinity(half)) return false;
            BinaryPrimitives.WriteHalfLittleEndian(target, half);
            for (int i = 0; i < Elements / 2; i++) target[2 + i] = (byte)(Code(block[i] * inverse) | (Code(block[i + (Elements / 2)] * inverse) << 4));
        }

        return true;
    }

    /// <summary>The values of whole blocks.</summary>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> values)
    {
        for (; !values.IsEmpty; values = values[Elements..], source = source[Bytes..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Elements / 2; i++)
            {
                values[i] = scale * ((source[2 + i] & 15) - 8);
                values[i + (Elements / 2)] = scale * ((source[2 + i] >> 4) - 8);
            }
        }
    }

    private static int Code(float multiple) => Math.Clamp((int)(multiple + 8.5f), 0, 15);
}
