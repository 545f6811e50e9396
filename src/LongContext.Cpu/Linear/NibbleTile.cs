using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>One row of x times four rows of 4-bit codes: the sums of <see cref="DotTile"/>, lanes in another order until they are brought together.</summary>
/// <remarks>
/// Eight bytes go to all 64-bit lanes and are shifted by four bits more in each: the low half of lane q then ends with code q, its high half with code q + 8. So lane 2q stands for input q and
/// lane 2q + 1 for input q + 8; x is brought to that order once for four outputs, which is cheaper than bringing the codes to order.
/// </remarks>
internal static unsafe class NibbleTile
{
    /// <summary>Whether the processor has what this needs.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Four outputs.</summary>
    /// <param name="x">Inputs, groups · chunks · 16 of them.</param>
    /// <param name="codes">Codes of each output.</param>
    /// <param name="scales">Scales of each output's groups.</param>
    /// <param name="zeros">Zero points of each output's groups; null: all are 8.</param>
    /// <param name="at">For each output, how many groups lie before its first.</param>
    /// <param name="groups">Groups of a row.</param>
    /// <param name="chunks">Sixteens of a group.</param>
    /// <param name="normal">Whether the codes are NormalFloat.</param>
    /// <param name="sums">Four results.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(float* x, byte** codes, float* scales, byte* zeros, nint* at, nint groups, nint chunks, bool normal, float* sums)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        byte* w0 = codes[0], w1 = codes[1], w2 = codes[2], w3 = codes[3];
        nint g0 = at[0], g1 = at[1], g2 = at[2], g3 = at[3];
        Vector512<ulong> shifts = normal ? Vector512.Create(4ul, 0, 12, 8, 20, 16, 28, 24) : Vector512.Create(0ul, 4, 8, 12, 16, 20, 24, 28);
        Vector512<int> order = Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        nint offset = 0;
        for (nint group = 0; group < groups; group++)
        {
            Vector512<float> t0 = NibbleLanes.Table(normal, scales, zeros, g0 + group), t1 = NibbleLanes.Table(normal, scales, zeros, g1 + group);
            Vector512<float> t2 = NibbleLanes.Table(normal, scales, zeros, g2 + group), t3 = NibbleLanes.Table(normal, scales, zeros, g3 + group);
            nint end = offset + (chunks * 8);
            for (; offset < end; offset += 8, x += 16)
            {
                Vector512<float> row = Avx512F.PermuteVar16x32(Vector512.Load(x), order);
                s0 = Vector512.FusedMultiplyAdd(row, Load(w0 + offset, shifts, t0), s0);
                s1 = Vector512.FusedMultiplyAdd(row, Load(w1 + offset, shifts, t1), s1);
                s2 = Vector512.FusedMultiplyAdd(row, Load(w2 + offset, shifts, t2), s2);
                s3 = Vector512.FusedMultiplyAdd(row, Load(w3 + offset, shifts, t3), s3);
            }
        }

        Vector512<int> back = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        s0 = Avx512F.PermuteVar16x32(s0, back);
        s1 = Avx512F.PermuteVar16x32(s1, back);
        s2 = Avx512F.PermuteVar16x32(s2, back);
        s3 = Avx512F.PermuteVar16x32(s3, back);
        LaneSum.Of(s0, s1, s2, s3).Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Load(byte* address, Vector512<ulong> shifts, Vector512<float> table) =>
        Avx512F.PermuteVar16x32(table, Avx512F.ShiftRightLogicalVariable(Vector512.Create(*(ulong*)address), shifts).AsInt32());
}
