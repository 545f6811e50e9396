using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Memory;

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
    /// <summary>A panel of rows (1, 2, 4 or 6) times four outputs; meanwhile as much memory is asked for from <paramref name="ahead"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rows<TLoader, TAhead>(float* x, int height, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        // Vector512.IsHardwareAccelerated is false where the processor slows down for wide vectors, too; the tile of 512 bits is still the faster one there.
        if (!Avx512F.IsSupported)
        {
            HalfTile.Rows<TLoader>(x, height, w0, w1, w2, w3, chunks, sums);
            return;
        }

        switch (height)
        {
            case 6: Rows6<TLoader, TAhead>(x, w0, w1, w2, w3, chunks, sums, ahead); break;
            case 4: Rows4<TLoader, TAhead>(x, w0, w1, w2, w3, chunks, sums, ahead); break;
            case 2: Rows2<TLoader, TAhead>(x, w0, w1, w2, w3, chunks, sums, ahead); break;
            default: Rows1<TLoader, TAhead>(x, w0, w1, w2, w3, chunks, sums, ahead); break;
        }
    }

    /// <summary>One row times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TLoader, TAhead>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        LaneSums s0 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += 16, ahead += 4 * TLoader.Step)
        {
            TAhead.Fetch(ahead, 4 * (int)TLoader.Step);
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            s0.Add(Vector512.Load(x), a, b, c, d);
        }

        s0.Total().Store(sums);
    }

    /// <summary>Two rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows2<TLoader, TAhead>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        LaneSums s0 = default, s1 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += 32, ahead += 4 * TLoader.Step)
        {
            TAhead.Fetch(ahead, 4 * (int)TLoader.Step);
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            s0.Add(Vector512.Load(x), a, b, c, d);
            s1.Add(Vector512.Load(x + 16), a, b, c, d);
        }

        s0.Total().Store(sums);
        s1.Total().Store(sums + 4);
    }

    /// <summary>Four rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<TLoader, TAhead>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        LaneSums s0 = default, s1 = default, s2 = default, s3 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += 64, ahead += 4 * TLoader.Step)
        {
            TAhead.Fetch(ahead, 4 * (int)TLoader.Step);
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            s0.Add(Vector512.Load(x), a, b, c, d);
            s1.Add(Vector512.Load(x + 16), a, b, c, d);
            s2.Add(Vector512.Load(x + 32), a, b, c, d);
            s3.Add(Vector512.Load(x + 48), a, b, c, d);
        }

        s0.Total().Store(sums);
        s1.Total().Store(sums + 4);
        s2.Total().Store(sums + 8);
        s3.Total().Store(sums + 12);
    }

    /// <summary>Six rows times four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows6<TLoader, TAhead>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        LaneSums s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default;
        nint end = chunks * TLoader.Step;
        for (nint at = 0; at < end; at += TLoader.Step, x += 96, ahead += 4 * TLoader.Step)
        {
            TAhead.Fetch(ahead, 4 * (int)TLoader.Step);
            Vector512<float> a = TLoader.Load(w0 + at), b = TLoader.Load(w1 + at), c = TLoader.Load(w2 + at), d = TLoader.Load(w3 + at);
            s0.Add(Vector512.Load(x), a, b, c, d);
            s1.Add(Vector512.Load(x + 16), a, b, c, d);
            s2.Add(Vector512.Load(x + 32), a, b, c, d);
            s3.Add(Vector512.Load(x + 48), a, b, c, d);
            s4.Add(Vector512.Load(x + 64), a, b, c, d);
            s5.Add(Vector512.Load(x + 80), a, b, c, d);
        }

        s0.Total().Store(sums);
        s1.Total().Store(sums + 4);
        s2.Total().Store(sums + 8);
        s3.Total().Store(sums + 12);
        s4.Total().Store(sums + 16);
        s5.Total().Store(sums + 20);
    }
}
