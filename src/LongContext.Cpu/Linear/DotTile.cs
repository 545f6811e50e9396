using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Dot products of a few rows of x with four rows of W. Each has sixteen lanes of its own, lane j summing inputs ≡ j mod 16 in rising order by fused multiply and add, which
/// <see cref="LaneSum"/> brings together: the same operations whatever the tile, so that a result never depends on its neighbours.
/// </summary>
/// <remarks>
/// x lies as <see cref="RowPanel"/> packs it: sixteen inputs of each row of the tile in turn. Six rows and four outputs are 24 sums, four weights and one input: 29 of the 32 registers.
/// Results are written as [rows, 4].
/// </remarks>
internal static unsafe class DotTile
{
    /// <summary>A panel of rows (1, 2, 4 or 6) times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows<TLoader>(float* x, int height, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        // Vector512.IsHardwareAccelerated is false where the processor slows down for wide vectors, too; the tile of 512 bits is still the faster one there.
        if (!Avx512F.IsSupported)
        {
            HalfTile.Rows<TLoader>(x, height, w0, w1, w2, w3, chunks, sums);
            return;
        }

        switch (height)
        {
            case 6: Rows6<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
            case 4: Rows4<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
            case 2: Rows2<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
            default: Rows1<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
        }
    }

    /// <summary>One row times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TLoader>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            Vector512<float> row = Vector512.Load(x);
            s00 = Vector512.FusedMultiplyAdd(row, a, s00);
            s01 = Vector512.FusedMultiplyAdd(row, b, s01);
            s02 = Vector512.FusedMultiplyAdd(row, c, s02);
            s03 = Vector512.FusedMultiplyAdd(row, d, s03);
            x += 16;
        }

        LaneSum.Of(s00, s01, s02, s03).Store(sums);
    }

    /// <summary>Two rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2<TLoader>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        Vector512<float> s10 = Vector512<float>.Zero, s11 = Vector512<float>.Zero, s12 = Vector512<float>.Zero, s13 = Vector512<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            Vector512<float> row = Vector512.Load(x);
            s00 = Vector512.FusedMultiplyAdd(row, a, s00);
            s01 = Vector512.FusedMultiplyAdd(row, b, s01);
            s02 = Vector512.FusedMultiplyAdd(row, c, s02);
            s03 = Vector512.FusedMultiplyAdd(row, d, s03);
            row = Vector512.Load(x + 16);
            s10 = Vector512.FusedMultiplyAdd(row, a, s10);
            s11 = Vector512.FusedMultiplyAdd(row, b, s11);
            s12 = Vector512.FusedMultiplyAdd(row, c, s12);
            s13 = Vector512.FusedMultiplyAdd(row, d, s13);
            x += 32;
        }

        LaneSum.Of(s00, s01, s02, s03).Store(sums);
        LaneSum.Of(s10, s11, s12, s13).Store(sums + 4);
    }

    /// <summary>Four rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<TLoader>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        Vector512<float> s10 = Vector512<float>.Zero, s11 = Vector512<float>.Zero, s12 = Vector512<float>.Zero, s13 = Vector512<float>.Zero;
        Vector512<float> s20 = Vector512<float>.Zero, s21 = Vector512<float>.Zero, s22 = Vector512<float>.Zero, s23 = Vector512<float>.Zero;
        Vector512<float> s30 = Vector512<float>.Zero, s31 = Vector512<float>.Zero, s32 = Vector512<float>.Zero, s33 = Vector512<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            Vector512<float> row = Vector512.Load(x);
            s00 = Vector512.FusedMultiplyAdd(row, a, s00);
            s01 = Vector512.FusedMultiplyAdd(row, b, s01);
            s02 = Vector512.FusedMultiplyAdd(row, c, s02);
            s03 = Vector512.FusedMultiplyAdd(row, d, s03);
            row = Vector512.Load(x + 16);
            s10 = Vector512.FusedMultiplyAdd(row, a, s10);
            s11 = Vector512.FusedMultiplyAdd(row, b, s11);
            s12 = Vector512.FusedMultiplyAdd(row, c, s12);
            s13 = Vector512.FusedMultiplyAdd(row, d, s13);
            row = Vector512.Load(x + 32);
            s20 = Vector512.FusedMultiplyAdd(row, a, s20);
            s21 = Vector512.FusedMultiplyAdd(row, b, s21);
            s22 = Vector512.FusedMultiplyAdd(row, c, s22);
            s23 = Vector512.FusedMultiplyAdd(row, d, s23);
            row = Vector512.Load(x + 48);
            s30 = Vector512.FusedMultiplyAdd(row, a, s30);
            s31 = Vector512.FusedMultiplyAdd(row, b, s31);
            s32 = Vector512.FusedMultiplyAdd(row, c, s32);
            s33 = Vector512.FusedMultiplyAdd(row, d, s33);
            x += 64;
        }

        LaneSum.Of(s00, s01, s02, s03).Store(sums);
        LaneSum.Of(s10, s11, s12, s13).Store(sums + 4);
        LaneSum.Of(s20, s21, s22, s23).Store(sums + 8);
        LaneSum.Of(s30, s31, s32, s33).Store(sums + 12);
    }

    /// <summary>Six rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6<TLoader>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        Vector512<float> s00 = Vector512<float>.Zero, s01 = Vector512<float>.Zero, s02 = Vector512<float>.Zero, s03 = Vector512<float>.Zero;
        Vector512<float> s10 = Vector512<float>.Zero, s11 = Vector512<float>.Zero, s12 = Vector512<float>.Zero, s13 = Vector512<float>.Zero;
        Vector512<float> s20 = Vector512<float>.Zero, s21 = Vector512<float>.Zero, s22 = Vector512<float>.Zero, s23 = Vector512<float>.Zero;
        Vector512<float> s30 = Vector512<float>.Zero, s31 = Vector512<float>.Zero, s32 = Vector512<float>.Zero, s33 = Vector512<float>.Zero;
        Vector512<float> s40 = Vector512<float>.Zero, s41 = Vector512<float>.Zero, s42 = Vector512<float>.Zero, s43 = Vector512<float>.Zero;
        Vector512<float> s50 = Vector512<float>.Zero, s51 = Vector512<float>.Zero, s52 = Vector512<float>.Zero, s53 = Vector512<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            Vector512<float> row = Vector512.Load(x);
            s00 = Vector512.FusedMultiplyAdd(row, a, s00);
            s01 = Vector512.FusedMultiplyAdd(row, b, s01);
            s02 = Vector512.FusedMultiplyAdd(row, c, s02);
            s03 = Vector512.FusedMultiplyAdd(row, d, s03);
            row = Vector512.Load(x + 16);
            s10 = Vector512.FusedMultiplyAdd(row, a, s10);
            s11 = Vector512.FusedMultiplyAdd(row, b, s11);
            s12 = Vector512.FusedMultiplyAdd(row, c, s12);
            s13 = Vector512.FusedMultiplyAdd(row, d, s13);
            row = Vector512.Load(x + 32);
            s20 = Vector512.FusedMultiplyAdd(row, a, s20);
            s21 = Vector512.FusedMultiplyAdd(row, b, s21);
            s22 = Vector512.FusedMultiplyAdd(row, c, s22);
            s23 = Vector512.FusedMultiplyAdd(row, d, s23);
            row = Vector512.Load(x + 48);
            s30 = Vector512.FusedMultiplyAdd(row, a, s30);
            s31 = Vector512.FusedMultiplyAdd(row, b, s31);
            s32 = Vector512.FusedMultiplyAdd(row, c, s32);
            s33 = Vector512.FusedMultiplyAdd(row, d, s33);
            row = Vector512.Load(x + 64);
            s40 = Vector512.FusedMultiplyAdd(row, a, s40);
            s41 = Vector512.FusedMultiplyAdd(row, b, s41);
            s42 = Vector512.FusedMultiplyAdd(row, c, s42);
            s43 = Vector512.FusedMultiplyAdd(row, d, s43);
            row = Vector512.Load(x + 80);
            s50 = Vector512.FusedMultiplyAdd(row, a, s50);
            s51 = Vector512.FusedMultiplyAdd(row, b, s51);
            s52 = Vector512.FusedMultiplyAdd(row, c, s52);
            s53 = Vector512.FusedMultiplyAdd(row, d, s53);
            x += 96;
        }

        LaneSum.Of(s00, s01, s02, s03).Store(sums);
        LaneSum.Of(s10, s11, s12, s13).Store(sums + 4);
        LaneSum.Of(s20, s21, s22, s23).Store(sums + 8);
        LaneSum.Of(s30, s31, s32, s33).Store(sums + 12);
        LaneSum.Of(s40, s41, s42, s43).Store(sums + 16);
        LaneSum.Of(s50, s51, s52, s53).Store(sums + 20);
    }
}
