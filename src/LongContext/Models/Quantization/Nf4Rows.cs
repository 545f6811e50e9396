using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Models.Quantization;

/// <summary>Quantises rows to NF4: blocks of 64 within a row, two codes a byte, the first in the high half.</summary>
internal static class Nf4Rows
{
    /// <summary>Values that share a magnitude; a row's last block may be shorter.</summary>
    public const int BlockSize = 64;

    public static long BlocksOf(long columns) => (columns + BlockSize - 1) / BlockSize;

    public static long BytesOf(long columns) => (columns + 1) / 2;

    /// <summary>One row.</summary>
    /// <param name="row">Values.</param>
    /// <param name="codes">Half as many bytes, rounded up.</param>
    /// <param name="magnitudes">Each block's largest magnitude.</param>
    /// <returns>Whether all values are finite; the row means nothing otherwise.</returns>
    public static bool Quantize(ReadOnlySpan<float> row, Span<byte> codes, Span<float> magnitudes)
    {
        Span<int> indices = stackalloc int[BlockSize];
        for (int block = 0, start = 0; start < row.Length; block++, start += BlockSize)
        {
            ReadOnlySpan<float> values = row.Slice(start, Math.Min(BlockSize, row.Length - start));
            float magnitude = LargestMagnitude(values);
            if (!float.IsFinite(magnitude)) return false;
            magnitudes[block] = magnitude;
            Find(values, magnitude == 0 ? 0 : 1 / magnitude, indices);
            Pack(indices[..values.Length], codes[(start / 2)..]);
        }

        return true;
    }

    /// <summary>NaN where there is one.</summary>
    private static float LargestMagnitude(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var largest = Vector<float>.Zero;
        foreach (Vector<float> vector in vectors) largest = Vector.Max(largest, Vector.Abs(vector));
        float result = 0;
        for (int i = 0; i < Vector<float>.Count; i++) result = MathF.Max(result, largest[i]);
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..]) result = MathF.Max(result, MathF.Abs(value));
        return result;
    }

    /// <summary>The nearest value's code is the number of borders below: comparisons without branches.</summary>
    private static void Find(ReadOnlySpan<float> values, float inverse, Span<int> indices)
    {
        float[] borders = Nf4Codebook.Borders;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        Span<Vector<int>> found = MemoryMarshal.Cast<int, Vector<int>>(indices);
        for (int i = 0; i < vectors.Length; i++)
        {
            Vector<float> scaled = vectors[i] * inverse;
            var count = Vector<int>.Zero;
            foreach (float border in borders) count -= Vector.GreaterThan(scaled, new Vector<float>(border));
            found[i] = count;
        }

        for (int i = vectors.Length * Vector<float>.Count; i < values.Length; i++)
        {
            int count = 0;
            foreach (float border in borders) count += values[i] * inverse > border ? 1 : 0;
            indices[i] = count;
        }
    }

    private static void Pack(ReadOnlySpan<int> indices, Span<byte> codes)
    {
        int pairs = indices.Length / 2;
        for (int i = 0; i < pairs; i++) codes[i] = (byte)((indices[2 * i] << 4) | indices[(2 * i) + 1]);
        if (indices.Length % 2 != 0) codes[pairs] = (byte)((indices[^1] << 4) | ZeroCode);
    }

    /// <summary>Code of 0, which fills the last byte of an odd row.</summary>
    public const int ZeroCode = 7;
}
