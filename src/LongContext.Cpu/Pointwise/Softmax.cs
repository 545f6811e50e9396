using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Pointwise;

/// <summary>Softmax of one row. -∞ gets the probability 0; a row of nothing but -∞ gives NaN.</summary>
internal static unsafe class Softmax
{
    /// <summary>ln Σ eˣ; -∞ for an empty row.</summary>
    public static float LogSumExp(ReadOnlySpan<float> row)
    {
        fixed (float* x = row)
        {
            if (row.IsEmpty) return float.NegativeInfinity;
            float largest = Largest(x, row.Length);
            if (float.IsInfinity(largest)) return largest;
            return largest + (float)Math.Log(Exponentials(x, row.Length, largest, null));
        }
    }

    /// <summary>Replaces scores by probabilities.</summary>
    public static void Apply(Span<float> row)
    {
        fixed (float* x = row)
        {
            if (row.IsEmpty) return;
            float sum = Exponentials(x, row.Length, Largest(x, row.Length), x);
            Vector512<float> divisor = Vector512.Create(sum);
            int i = 0;
            for (; i + 16 <= row.Length; i += 16) (Vector512.Load(x + i) / divisor).Store(x + i);
            for (; i < row.Length; i++) x[i] /= sum;
        }
    }

    private static float Largest(float* x, int size)
    {
        Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + 16 <= size; i += 16) largest = Vector512.Max(largest, Vector512.Load(x + i));
        float result = VectorMath.Max(largest);
        for (; i < size; i++) result = MathF.Max(result, x[i]);
        return result;
    }

    /// <summary>Σ e^(x − shift): 16 lanes in order, then a tree.</summary>
    private static float Exponentials(float* x, int size, float shift, float* target)
    {
        Vector512<float> sum = default, by = Vector512.Create(shift);
        int i = 0;
        for (; i + 16 <= size; i += 16)
        {
            Vector512<float> weight = VectorMath.Exp(Vector512.Load(x + i) - by);
            if (target is not null) weight.Store(target + i);
            sum += weight;
        }

        if (i < size)
        {
            Vector512<float> weight = VectorMath.Exp(PlainNumbers.LoadPart(x + i, size - i) - by);
            if (target is not null) PlainNumbers.StorePart(weight, target + i, size - i);
            sum += Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(size - i)).AsSingle(), weight, Vector512<float>.Zero);
        }

        return VectorMath.Sum(sum);
    }
}
