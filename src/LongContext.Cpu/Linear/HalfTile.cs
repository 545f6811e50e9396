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
        HalfLaneSums s0 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += step)
        {
            Vector256<float> x0 = Vector256.Load(x);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s0.Add(0, x0, w);
            w = TLoader.LoadHalf(w1 + at);
            s0.Add(1, x0, w);
            w = TLoader.LoadHalf(w2 + at);
            s0.Add(2, x0, w);
            w = TLoader.LoadHalf(w3 + at);
            s0.Add(3, x0, w);
        }

        s0.Store(lanes);
    }

    /// <summary>Two rows: sums of eight lanes, as [rows, 4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2<TLoader>(float* x, nint step, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* lanes)
        where TLoader : struct, ILaneLoader
    {
        HalfLaneSums s0 = default, s1 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += step)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 16);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s0.Add(0, x0, w);
            s1.Add(0, x1, w);
            w = TLoader.LoadHalf(w1 + at);
            s0.Add(1, x0, w);
            s1.Add(1, x1, w);
            w = TLoader.LoadHalf(w2 + at);
            s0.Add(2, x0, w);
            s1.Add(2, x1, w);
            w = TLoader.LoadHalf(w3 + at);
            s0.Add(3, x0, w);
            s1.Add(3, x1, w);
        }

        s0.Store(lanes);
        s1.Store(lanes + 32);
    }

    /// <summary>Three rows: sums of eight lanes, as [rows, 4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows3<TLoader>(float* x, nint step, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* lanes)
        where TLoader : struct, ILaneLoader
    {
        HalfLaneSums s0 = default, s1 = default, s2 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += step)
        {
            Vector256<float> x0 = Vector256.Load(x), x1 = Vector256.Load(x + 16), x2 = Vector256.Load(x + 32);
            Vector256<float> w = TLoader.LoadHalf(w0 + at);
            s0.Add(0, x0, w);
            s1.Add(0, x1, w);
            s2.Add(0, x2, w);
            w = TLoader.LoadHalf(w1 + at);
            s0.Add(1, x0, w);
            s1.Add(1, x1, w);
            s2.Add(1, x2, w);
            w = TLoader.LoadHalf(w2 + at);
            s0.Add(2, x0, w);
            s1.Add(2, x1, w);
            s2.Add(2, x2, w);
            w = TLoader.LoadHalf(w3 + at);
            s0.Add(3, x0, w);
            s1.Add(3, x1, w);
            s2.Add(3, x2, w);
        }

        s0.Store(lanes);
        s1.Store(lanes + 32);
        s2.Store(lanes + 64);
    }
}
