using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Pointwise;

namespace LongContext.Cpu.Linear;

/// <summary>One row of x times four rows of E4M3 codes: the sums of <see cref="DotTile"/>, with 64 codes of an output looked up at a time.</summary>
internal static unsafe class Float8Tile
{
    /// <summary>Four outputs; needs <see cref="Float8Lanes.IsSupported"/>.</summary>
    /// <param name="x">Whole sixteens of inputs.</param>
    /// <param name="w0">The first output's codes.</param>
    /// <param name="w1">The second output's codes.</param>
    /// <param name="w2">The third output's codes.</param>
    /// <param name="w3">The fourth output's codes.</param>
    /// <param name="chunks">Sixteens.</param>
    /// <param name="sums">Four results.</param>
    /// <param name="ahead">Memory that is needed soon, as much as the codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        Float8Lanes.Tables(out Vector512<byte> order, out Vector512<byte> upper, out Vector512<byte> moreUpper, out Vector512<byte> lower, out Vector512<byte> moreLower);
        nint at = 0;
        for (; at <= (chunks * 16) - 64; at += 64, x += 64, ahead += 256)
        {
            ReadsAhead.Fetch(ahead, 256);
            Vector512<float> x0 = Vector512.Load(x), x1 = Vector512.Load(x + 16), x2 = Vector512.Load(x + 32), x3 = Vector512.Load(x + 48);
            s0 = Add(w0 + at, s0, x0, x1, x2, x3, order, upper, moreUpper, lower, moreLower);
            s1 = Add(w1 + at, s1, x0, x1, x2, x3, order, upper, moreUpper, lower, moreLower);
            s2 = Add(w2 + at, s2, x0, x1, x2, x3, order, upper, moreUpper, lower, moreLower);
            s3 = Add(w3 + at, s3, x0, x1, x2, x3, order, upper, moreUpper, lower, moreLower);
        }

        for (; at < chunks * 16; at += 16, x += 16)
        {
            Vector512<float> row = Vector512.Load(x);
            s0 = Vector512.FusedMultiplyAdd(row, Float8Loader.Load(w0 + at), s0);
            s1 = Vector512.FusedMultiplyAdd(row, Float8Loader.Load(w1 + at), s1);
            s2 = Vector512.FusedMultiplyAdd(row, Float8Loader.Load(w2 + at), s2);
            s3 = Vector512.FusedMultiplyAdd(row, Float8Loader.Load(w3 + at), s3);
        }

        LaneSum.Of(s0, s1, s2, s3).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(
        byte* codes, Vector512<float> sum, Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3,
        Vector512<byte> order, Vector512<byte> upper, Vector512<byte> moreUpper, Vector512<byte> lower, Vector512<byte> moreLower)
    {
        Float8Lanes.Load(codes, order, upper, moreUpper, lower, moreLower, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth);
        sum = Vector512.FusedMultiplyAdd(x0, first, sum);
        sum = Vector512.FusedMultiplyAdd(x1, second, sum);
        sum = Vector512.FusedMultiplyAdd(x2, third, sum);
        return Vector512.FusedMultiplyAdd(x3, fourth, sum);
    }
}
