using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>Steps of integer products. Exact, so every way of doing them has the same result.</summary>
internal static class IntegerLanes
{
    /// <summary>a·b of bytes, two neighbours added: 16-bit lanes. The caller's numbers are so small that none leaves 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Pairs(Vector512<byte> a, Vector512<sbyte> b)
    {
        if (Avx512BW.IsSupported) return Avx512BW.MultiplyAddAdjacent(a, b);
        if (Avx2.IsSupported) return Vector512.Create(Avx2.MultiplyAddAdjacent(a.GetLower(), b.GetLower()), Avx2.MultiplyAddAdjacent(a.GetUpper(), b.GetUpper()));
        Vector512<short> wideA = a.AsInt16(), wideB = b.AsInt16();
        return ((wideA & Vector512.Create((short)0xFF)) * ((wideB << 8) >> 8)) + ((wideA >>> 8) * (wideB >> 8));
    }

    /// <summary>The same with half as many lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Pairs(Vector256<byte> a, Vector256<sbyte> b) => Avx2.MultiplyAddAdjacent(a, b);

    /// <summary>Two neighbouring 16-bit lanes added: 32-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Quads(Vector512<short> pairs)
    {
        if (Avx512BW.IsSupported) return Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
        Vector512<int> wide = pairs.AsInt32();
        return ((wide << 16) >> 16) + (wide >> 16);
    }

    /// <summary>The same with half as many lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Quads(Vector256<short> pairs) => Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));

    /// <summary>Sums of four neighbouring lanes each: lane 4i + k of the result is that of lanes 4i … 4i + 3 of the k-th vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Fours(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<long> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsInt64(), cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsInt64();
            return Avx512F.UnpackLow(ab, cd).AsInt32() + Avx512F.UnpackHigh(ab, cd).AsInt32();
        }

        return Vector512.Create(Half(a.GetLower(), b.GetLower(), c.GetLower(), d.GetLower()), Half(a.GetUpper(), b.GetUpper(), c.GetUpper(), d.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Half(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) => Avx2.IsSupported
        ? Avx2.HorizontalAdd(Avx2.HorizontalAdd(a, b), Avx2.HorizontalAdd(c, d))
        : Vector256.Create(Quarter(a.GetLower(), b.GetLower(), c.GetLower(), d.GetLower()), Quarter(a.GetUpper(), b.GetUpper(), c.GetUpper(), d.GetUpper()));

    private static Vector128<int> Quarter(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
        Vector128.Create(Vector128.Sum(a), Vector128.Sum(b), Vector128.Sum(c), Vector128.Sum(d));
}
