using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Exact search: the query is compared with every vector.</summary>
internal static class VectorSearch
{
    /// <summary>Dot products of vectors of length 1, which are their cosines; an empty vector is like nothing.</summary>
    public static double[] Cosines(ReadOnlySpan<float> query, IReadOnlyList<float[]> vectors)
    {
        double[] scores = new double[vectors.Count];
        for (int i = 0; i < scores.Length; i++) scores[i] = vectors[i].Length == 0 || query.Length == 0 ? double.NegativeInfinity : Dot(query, vectors[i]);
        return scores;
    }

    /// <summary>The dot product, in four sums side by side: one would wait for itself.</summary>
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ReadOnlySpan<Vector<float>> a = MemoryMarshal.Cast<float, Vector<float>>(left), b = MemoryMarshal.Cast<float, Vector<float>>(right);
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i <= a.Length - 4; i += 4)
        {
            sum0 += a[i] * b[i];
            sum1 += a[i + 1] * b[i + 1];
            sum2 += a[i + 2] * b[i + 2];
            sum3 += a[i + 3] * b[i + 3];
        }

        for (; i < a.Length; i++) sum0 += a[i] * b[i];
        float sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        for (int rest = a.Length * Vector<float>.Count; rest < left.Length; rest++) sum += left[rest] * right[rest];
        return sum;
    }
}
