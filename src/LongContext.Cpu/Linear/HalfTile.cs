using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>
/// The sums of <see cref="DotTile"/> on processors whose vectors have 256 bits: first lanes 0 to 7 of all inputs, then lanes 8 to 15, for three rows at most. The same lanes in the same order,
/// so the same bits; twelve sums, three inputs and a weight fill the 16 registers.
/// </summary>
internal static unsafe class HalfTile
{
    /// <summary>A panel of rows times four outputs, as [rows, 4].</summary>
    /// <param name="x">A panel as <see cref="RowPanel"/> packs it.</param>
    /// <param name="height">Rows of the panel: 1, 2, 4 or 6.</param>
    /// <param name="w0">The first output's weights.</param>
    /// <param name="w1">The second output's weights.</param>
    /// <param name="w2">The third output's weights.</param>
    /// <param name="w3">The fourth output's weights.</param>
    /// <param name="chunks">Sixteens of inputs.</param>
    /// <param name="sums">Results.</param>
    public static void Rows<TLoader>(float* x, int height, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        float* lanes = stackalloc float[2 * 12 * 8];
        nint step = height * 16, half = TLoader.Half;
        int rows = height == 6 ? 3 : Math.Min(height, 2);
        for (int row = 0; row < height; row += rows)
        {
            for (int i = 0; i < 2; i++)
            {
                float* from = x + (row * 16) + (i * 8), to = lanes + (i * 96);
                nint at = i * half;
                if (rows == 3) Rows3<TLoader>(from, step, w0 + at, w1 + at, w2 + at, w3 + at, chunks, to);
                else if (rows == 2) Rows2<TLoader>(from, step, w0 + at, w1 + at, w2 + at, w3 + at, chunks, to);
                else Rows1<TLoader>(from, step, w0 + at, w1 + at, w2 + at, w3 + at, chunks, to);
            }

            for (int i = 0; i < rows; i++)
            {
                float* of = lanes + (i * 32);
                LaneSum.Of(Whole(of), Whole(of + 8), Whole(of + 16), Whole(of + 24)).Store(sums + ((row + i) * 4));
            }
        }
    }

    /// <summary>Lanes j + lanes j + 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Whole(float* lanes) => Vector256.Load(lanes) + Vector256.Load(lanes + 96);

    /// <summary>One row: sums of eight lanes, as [rows, 4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TLoader>(float* x, nint step, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* lanes)
        where TLoader : struct, ILaneLoader
    {
        Vector256<float> s00 = Vector256<float>.Zero, s01 = Vector256<float>.Zero, s02 = Vector256<float>.Zero, s03 = Vector256<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector256<float> x0 = Vector256.Load(x);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s00 = Vector256.FusedMultiplyAdd(x0, w, s00);
            w = TLoader.LoadHalf(w1 + at);
            s01 = Vector256.FusedMultiplyAdd(x0, w, s01);
            w = TLoader.LoadHalf(w2 + at);
            s02 = Vector256.FusedMultiplyAdd(x0, w, s02);
            w = TLoader.LoadHalf(w3 + at);
            s03 = Vector256.FusedMultiplyAdd(x0, w, s03);
            x += step;
        }

        s00.Store(lanes);
        s01.Store(lanes + 8);
        s02.Store(lanes + 16);
        s03.Store(lanes + 24);
    }

    /// <summary>Two rows: sums of eight lanes, as [rows, 4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2<TLoader>(float* x, nint step, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* lanes)
        where TLoader : struct, ILaneLoader
    {
        Vector256<float> s00 = Vector256<float>.Zero, s01 = Vector256<float>.Zero, s02 = Vector256<float>.Zero, s03 = Vector256<float>.Zero;
        Vector256<float> s10 = Vector256<float>.Zero, s11 = Vector256<float>.Zero, s12 = Vector256<float>.Zero, s13 = Vector256<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 16);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s00 = Vector256.FusedMultiplyAdd(x0, w, s00);
            s10 = Vector256.FusedMultiplyAdd(x1, w, s10);
            w = TLoader.LoadHalf(w1 + at);
            s01 = Vector256.FusedMultiplyAdd(x0, w, s01);
            s11 = Vector256.FusedMultiplyAdd(x1, w, s11);
            w = TLoader.LoadHalf(w2 + at);
            s02 = Vector256.FusedMultiplyAdd(x0, w, s02);
            s12 = Vector256.FusedMultiplyAdd(x1, w, s12);
            w = TLoader.LoadHalf(w3 + at);
            s03 = Vector256.FusedMultiplyAdd(x0, w, s03);
            s13 = Vector256.FusedMultiplyAdd(x1, w, s13);
            x += step;
        }

        s00.Store(lanes);
        s01.Store(lanes + 8);
        s02.Store(lanes + 16);
        s03.Store(lanes + 24);
        s10.Store(lanes + 32);
        s11.Store(lanes + 40);
        s12.Store(lanes + 48);
        s13.Store(lanes + 56);
    }

    /// <summary>Three rows: sums of eight lanes, as [rows, 4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows3<TLoader>(float* x, nint step, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* lanes)
        where TLoader : struct, ILaneLoader
    {
        Vector256<float> s00 = Vector256<float>.Zero, s01 = Vector256<float>.Zero, s02 = Vector256<float>.Zero, s03 = Vector256<float>.Zero;
        Vector256<float> s10 = Vector256<float>.Zero, s11 = Vector256<float>.Zero, s12 = Vector256<float>.Zero, s13 = Vector256<float>.Zero;
        Vector256<float> s20 = Vector256<float>.Zero, s21 = Vector256<float>.Zero, s22 = Vector256<float>.Zero, s23 = Vector256<float>.Zero;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 16), x2 = Vector256.Load(x + 32);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s00 = Vector256.FusedMultiplyAdd(x0, w, s00);
            s10 = Vector256.FusedMultiplyAdd(x1, w, s10);
            s20 = Vector256.FusedMultiplyAdd(x2, w, s20);
            w = TLoader.LoadHalf(w1 + at);
            s01 = Vector256.FusedMultiplyAdd(x0, w, s01);
            s11 = Vector256.FusedMultiplyAdd(x1, w, s11);
            s21 = Vector256.FusedMultiplyAdd(x2, w, s21);
            w = TLoader.LoadHalf(w2 + at);
            s02 = Vector256.FusedMultiplyAdd(x0, w, s02);
            s12 = Vector256.FusedMultiplyAdd(x1, w, s12);
            s22 = Vector256.FusedMultiplyAdd(x2, w, s22);
            w = TLoader.LoadHalf(w3 + at);
            s03 = Vector256.FusedMultiplyAdd(x0, w, s03);
            s13 = Vector256.FusedMultiplyAdd(x1, w, s13);
            s23 = Vector256.FusedMultiplyAdd(x2, w, s23);
            x += step;
        }

        s00.Store(lanes);
        s01.Store(lanes + 8);
        s02.Store(lanes + 16);
        s03.Store(lanes + 24);
        s10.Store(lanes + 32);
        s11.Store(lanes + 40);
        s12.Store(lanes + 48);
        s13.Store(lanes + 56);
        s20.Store(lanes + 64);
        s21.Store(lanes + 72);
        s22.Store(lanes + 80);
        s23.Store(lanes + 88);
    }
}
