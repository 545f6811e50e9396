using System.Buffers.Binary;

namespace LongContext.Gguf;

/// <summary>
/// The block format Q8_0: 32 elements as signed bytes q with one scale d in half precision, x ≈ d·q, d = max|x| / 127, q rounded to the
/// nearest, halves away from zero.
/// </summary>
internal static class Q8Blocks
{
    /// <summary>Elements of a block.</summary>
    public const int Elements = 32;

    /// <summary>Bytes of a block: the scale and the elements.</summary>
    public const int Bytes = 2 + Elements;

    /// <summary>Quantises whole blocks.</summary>
    /// <returns>False where a value is not finite or too large for the scale's half precision (max|x| ≥ 127·65,520).</returns>
    public static bool TryEncode(ReadOnlySpan<float> values, Span<byte> target)
    {
        for (; !values.IsEmpty; values = values[Elements..], target = target[Bytes..])
        {
            ReadOnlySpan<float> block = values[..Elements];
            float largest = 0;
            foreach (float value in block)
            {
                if (!float.IsFinite(value)) return false;
                largest = Math.Max(largest, Math.Abs(value));
            }

            // The elements are divided by the scale before it is rounded to half precision, as llama.cpp does.
            float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
            if (!float.IsFinite(inverse)) (scale, inverse) = (0, 0); // below what a single's reciprocal holds: nothing to a half
            var half = (Half)scale;
            if (Half.IsInfinity(half)) return false;
            BinaryPrimitives.WriteHalfLittleEndian(target, half);
            for (int i = 0; i < Elements; i++)
                target[2 + i] = (byte)(sbyte)Math.Clamp(MathF.Round(block[i] * inverse, MidpointRounding.AwayFromZero), -127, 127);
        }

        return true;
    }

    /// <summary>The values of whole blocks.</summary>
    public static void Decode(ReadOnlySpan<byte> source, Span<float> values)
    {
        for (; !values.IsEmpty; values = values[Elements..], source = source[Bytes..])
        {
            float scale = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            for (int i = 0; i < Elements; i++) values[i] = scale * (sbyte)source[2 + i];
        }
    }
}
