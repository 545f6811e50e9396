namespace LongContext.Cpu.Linear;

/// <summary>Rounds rows of float32 to the codes and scales of the quantised formats, without calibration.</summary>
/// <remarks>Numbers must be finite. A row, group or block of zeros alone gets scale 1 (Nf4: magnitude 0).</remarks>
internal static class WeightEncoder
{
    /// <summary>Int8: scale is the largest magnitude / 127; codes are rounded to nearest, ties to even.</summary>
    /// <returns>The row's scale.</returns>
    public static float Int8(ReadOnlySpan<float> row, Span<sbyte> codes)
    {
        float scale = ScaleFor(row, 127);
        for (int i = 0; i < row.Length; i++) codes[i] = (sbyte)Math.Clamp(MathF.Round(row[i] / scale), -127, 127);
        return scale;
    }

    /// <summary>Float8: scale is the largest magnitude / 448.</summary>
    /// <returns>The row's scale.</returns>
    public static float Float8(ReadOnlySpan<float> row, Span<byte> codes)
    {
        float scale = ScaleFor(row, Float8Code.Largest);
        for (int i = 0; i < row.Length; i++) codes[i] = Float8Code.Of(row[i] / scale);
        return scale;
    }

    /// <summary>Int4: a row of groups.</summary>
    /// <param name="row">An even number of weights, whole groups.</param>
    /// <param name="groupSize">Weights of a group.</param>
    /// <param name="symmetric">Whether all zero points are 8: scale is the largest magnitude / 7. Otherwise the range from the least (at most 0) to the greatest (at least 0) is cut into 15.</param>
    /// <param name="codes">Two in a byte, the first in the low half.</param>
    /// <param name="scales">One for each group.</param>
    /// <param name="zeros">One for each group; may be empty where symmetric.</param>
    public static void Int4(ReadOnlySpan<float> row, int groupSize, bool symmetric, Span<byte> codes, Span<float> scales, Span<byte> zeros)
    {
        codes[..(row.Length / 2)].Clear();
        for (int first = 0; first < row.Length; first += groupSize)
        {
            ReadOnlySpan<float> group = row.Slice(first, groupSize);
            (float scale, int zero) = symmetric ? (ScaleFor(group, 7), 8) : Range(group);
            scales[first / groupSize] = scale;
            if (!zeros.IsEmpty) zeros[first / groupSize] = (byte)zero;
            for (int i = 0; i < groupSize; i++)
            {
                int code = (int)Math.Clamp(MathF.Round(group[i] / scale) + zero, symmetric ? 1 : 0, 15);
                codes[(first + i) / 2] |= (byte)(code << ((first + i) % 2 * 4));
            }
        }
    }

    /// <summary>Nf4: whole blocks of 64 (the last may be shorter), each divided by its largest magnitude and given the code of the nearest number.</summary>
    /// <param name="weights">An even number, in row order, from a block's start.</param>
    /// <param name="codes">Two in a byte, the first in the high half.</param>
    /// <param name="magnitudes">One for each block.</param>
    public static void Nf4(ReadOnlySpan<float> weights, Span<byte> codes, Span<float> magnitudes)
    {
        codes[..(weights.Length / 2)].Clear();
        for (int first = 0; first < weights.Length; first += NormalFloat.Block)
        {
            ReadOnlySpan<float> block = weights[first..Math.Min(first + NormalFloat.Block, weights.Length)];
            float magnitude = Largest(block);
            magnitudes[first / NormalFloat.Block] = magnitude;
            for (int i = 0; i < block.Length; i++)
            {
                int code = NormalFloat.Nearest(magnitude == 0 ? 0 : block[i] / magnitude);
                codes[(first + i) / 2] |= (byte)(code << ((first + i) % 2 == 0 ? 4 : 0));
            }
        }
    }

    private static (float Scale, int Zero) Range(ReadOnlySpan<float> group)
    {
        float least = 0, greatest = 0;
        foreach (float value in group)
        {
            least = Math.Min(least, value);
            greatest = Math.Max(greatest, value);
        }

        float scale = (greatest / 15) - (least / 15); // divided first: the range of finite numbers may overflow
        if (scale == 0) return (1, 8);
        return (scale, (int)Math.Clamp(MathF.Round(-least / scale), 0, 15));
    }

    private static float ScaleFor(ReadOnlySpan<float> values, float codeOfLargest)
    {
        float scale = Largest(values) / codeOfLargest;
        return scale == 0 ? 1 : scale;
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values) largest = Math.Max(largest, MathF.Abs(value));
        return largest;
    }
}
