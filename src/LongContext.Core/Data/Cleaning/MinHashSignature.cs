using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Data.Cleaning;

/// <summary>
/// What is left of a text to compare it with others by: for each of k permutations the least value over its shingles. Made by
/// <see cref="MinHasher"/>.
/// </summary>
/// <remarks>Broder 1997, "On the resemblance and containment of documents": two texts agree in a place with a chance of their Jaccard similarity.</remarks>
public sealed class MinHashSignature
{
    private readonly uint[] values;

    internal MinHashSignature(uint[] values, string settings)
    {
        this.values = values;
        Settings = settings;
    }

    /// <summary>The least value of each permutation.</summary>
    public ReadOnlySpan<uint> Values => values;

    internal string Settings { get; }

    /// <summary>
    /// Estimates |A ∩ B| / |A ∪ B| of the two texts' sets of shingles, by the share of places in which the signatures agree; its standard error is
    /// √(J(1 − J)/k).
    /// </summary>
    /// <param name="other">A signature made with the same options.</param>
    /// <returns>From 0 to 1.</returns>
    /// <exception cref="ArgumentException">The signatures were made with different options.</exception>
    public double EstimateJaccard(MinHashSignature other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Settings != other.Settings) throw new ArgumentException($"The signatures cannot be compared: one was made with {Settings}, the other with {other.Settings}.", nameof(other));
        return (double)CountEqual(values, other.values) / values.Length;
    }

    internal static int CountEqual(ReadOnlySpan<uint> first, ReadOnlySpan<uint> second)
    {
        int equal = 0;
        ReadOnlySpan<Vector<uint>> left = MemoryMarshal.Cast<uint, Vector<uint>>(first), right = MemoryMarshal.Cast<uint, Vector<uint>>(second);
        Vector<uint> sums = Vector<uint>.Zero;
        // A place that agrees is −1 in all bits, that is 2³² − 1.
        for (int v = 0; v < left.Length; v++) sums -= Vector.Equals(left[v], right[v]);
        for (int lane = 0; lane < Vector<uint>.Count; lane++) equal += (int)sums[lane];
        for (int i = left.Length * Vector<uint>.Count; i < first.Length; i++) equal += first[i] == second[i] ? 1 : 0;
        return equal;
    }
}
