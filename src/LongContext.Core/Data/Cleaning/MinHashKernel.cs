using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LongContext.Data.Cleaning;

/// <summary>
/// The least value of each permutation over a set of 32-bit hashes; permutation i is x ↦ aᵢ·x + bᵢ modulo 2³², with aᵢ odd (one to one). Four
/// vectors of permutations stay in registers while all hashes go by.
/// </summary>
internal static class MinHashKernel
{
    /// <summary>Permutations are made up to a multiple of this: four of the widest vectors.</summary>
    public const int Multiple = 64;

    /// <summary>Lowers <paramref name="minima"/>; all three of one length, a multiple of <see cref="Multiple"/>.</summary>
    public static void Lower(ReadOnlySpan<uint> hashes, ReadOnlySpan<uint> multipliers, ReadOnlySpan<uint> offsets, Span<uint> minima)
    {
        if (Vector512.IsHardwareAccelerated) LowerBy512(hashes, multipliers, offsets, minima);
        else if (Vector128.IsHardwareAccelerated) LowerBy256(hashes, multipliers, offsets, minima);
        else LowerPlain(hashes, multipliers, offsets, minima);
    }

    internal static void LowerPlain(ReadOnlySpan<uint> hashes, ReadOnlySpan<uint> multipliers, ReadOnlySpan<uint> offsets, Span<uint> minima)
    {
        foreach (uint hash in hashes)
        {
            for (int i = 0; i < minima.Length; i++) minima[i] = Math.Min(minima[i], unchecked((hash * multipliers[i]) + offsets[i]));
        }
    }

    internal static void LowerBy512(ReadOnlySpan<uint> hashes, ReadOnlySpan<uint> multipliers, ReadOnlySpan<uint> offsets, Span<uint> minima)
    {
        ref uint a = ref MemoryMarshal.GetReference(multipliers), b = ref MemoryMarshal.GetReference(offsets), m = ref MemoryMarshal.GetReference(minima);
        int width = Vector512<uint>.Count;
        for (nuint i = 0; i + (nuint)(4 * width) <= (nuint)minima.Length; i += (nuint)(4 * width))
        {
            nuint j = i + (nuint)width, k = j + (nuint)width, l = k + (nuint)width;
            Vector512<uint> a0 = Vector512.LoadUnsafe(ref a, i), a1 = Vector512.LoadUnsafe(ref a, j), a2 = Vector512.LoadUnsafe(ref a, k), a3 = Vector512.LoadUnsafe(ref a, l);
            Vector512<uint> b0 = Vector512.LoadUnsafe(ref b, i), b1 = Vector512.LoadUnsafe(ref b, j), b2 = Vector512.LoadUnsafe(ref b, k), b3 = Vector512.LoadUnsafe(ref b, l);
            Vector512<uint> m0 = Vector512.LoadUnsafe(ref m, i), m1 = Vector512.LoadUnsafe(ref m, j), m2 = Vector512.LoadUnsafe(ref m, k), m3 = Vector512.LoadUnsafe(ref m, l);
            foreach (uint hash in hashes)
            {
                Vector512<uint> x = Vector512.Create(hash);
                m0 = Vector512.Min(m0, (x * a0) + b0);
                m1 = Vector512.Min(m1, (x * a1) + b1);
                m2 = Vector512.Min(m2, (x * a2) + b2);
                m3 = Vector512.Min(m3, (x * a3) + b3);
            }

            m0.StoreUnsafe(ref m, i);
            m1.StoreUnsafe(ref m, j);
            m2.StoreUnsafe(ref m, k);
            m3.StoreUnsafe(ref m, l);
        }
    }

    internal static void LowerBy256(ReadOnlySpan<uint> hashes, ReadOnlySpan<uint> multipliers, ReadOnlySpan<uint> offsets, Span<uint> minima)
    {
        ref uint a = ref MemoryMarshal.GetReference(multipliers), b = ref MemoryMarshal.GetReference(offsets), m = ref MemoryMarshal.GetReference(minima);
        int width = Vector256<uint>.Count;
        for (nuint i = 0; i + (nuint)(4 * width) <= (nuint)minima.Length; i += (nuint)(4 * width))
        {
            nuint j = i + (nuint)width, k = j + (nuint)width, l = k + (nuint)width;
            Vector256<uint> a0 = Vector256.LoadUnsafe(ref a, i), a1 = Vector256.LoadUnsafe(ref a, j), a2 = Vector256.LoadUnsafe(ref a, k), a3 = Vector256.LoadUnsafe(ref a, l);
            Vector256<uint> b0 = Vector256.LoadUnsafe(ref b, i), b1 = Vector256.LoadUnsafe(ref b, j), b2 = Vector256.LoadUnsafe(ref b, k), b3 = Vector256.LoadUnsafe(ref b, l);
            Vector256<uint> m0 = Vector256.LoadUnsafe(ref m, i), m1 = Vector256.LoadUnsafe(ref m, j), m2 = Vector256.LoadUnsafe(ref m, k), m3 = Vector256.LoadUnsafe(ref m, l);
            foreach (uint hash in hashes)
            {
                Vector256<uint> x = Vector256.Create(hash);
                m0 = Vector256.Min(m0, (x * a0) + b0);
                m1 = Vector256.Min(m1, (x * a1) + b1);
                m2 = Vector256.Min(m2, (x * a2) + b2);
                m3 = Vector256.Min(m3, (x * a3) + b3);
            }

            m0.StoreUnsafe(ref m, i);
            m1.StoreUnsafe(ref m, j);
            m2.StoreUnsafe(ref m, k);
            m3.StoreUnsafe(ref m, l);
        }
    }
}
