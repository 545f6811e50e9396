using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Linear;

/// <summary>One row of x times four rows of 4-bit codes: the sums of <see cref="DotTile"/>, lanes in another order until they are brought together.</summary>
/// <remarks>
/// Eight bytes go to all 64-bit lanes and are shifted by four bits more in each: the low half of lane q then ends with code q, its high half with code q + 8. So lane 2q stands for input q and
/// lane 2q + 1 for input q + 8; x is brought to that order once, which is cheaper than bringing the codes to order.
/// </remarks>
internal static unsafe class NibbleTile
{
    /// <summary>Whether the processor has what this needs.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Brings whole sixteens of x to the order of the codes.</summary>
    public static void Order(float* x, int inputs, float* ordered)
    {
        Vector512<int> order = Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        for (int input = 0; input < inputs; input += 16) Avx512F.PermuteVar16x32(Vector512.Load(x + input), order).Store(ordered + input);
    }

    /// <summary>Four outputs.</summary>
    /// <param name="x">Inputs in order, groups · chunks · 16 of them.</param>
    /// <param name="codes">Codes of each output.</param>
    /// <param name="scales">Scales of all groups.</param>
    /// <param name="zeros">Zero points of all groups, where the table has some.</param>
    /// <param name="at">For each output, how many groups lie before its first.</param>
    /// <param name="groups">Groups of a row.</param>
    /// <param name="chunks">Sixteens of a group.</param>
    /// <param name="sums">Four results.</param>
    /// <param name="ahead">Memory that is needed soon, as much as the codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<TTable>(float* x, byte** codes, float* scales, byte* zeros, nint* at, nint groups, nint chunks, float* sums, byte* ahead)
        where TTable : struct, INibbleTable
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        byte* w0 = codes[0], w1 = codes[1], w2 = codes[2], w3 = codes[3];
        nint g0 = at[0], g1 = at[1], g2 = at[2], g3 = at[3], offset = 0;
        Vector512<ulong> shifts = TTable.Shifts;
        for (nint group = 0; group < groups; group++)
        {
            Vector512<float> t0 = TTable.Of(scales, zeros, g0 + group), t1 = TTable.Of(scales, zeros, g1 + group);
            Vector512<float> t2 = TTable.Of(scales, zeros, g2 + group), t3 = TTable.Of(scales, zeros, g3 + group);
            nint end = offset + (chunks * 8);
            for (; offset < end; offset += 8, x += 16, ahead += 32)
            {
                ReadsAhead.Fetch(ahead, 32);
                Vector512<float> row = Vector512.Load(x);
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
