using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Linear;

/// <summary>
/// One row of x times rows of W, one after another: the sums of <see cref="DotTile"/>. Memory is then read from its first byte to its last, as processors fetch it best; with four rows at a time it is
/// not. Each sum is one chain of additions, whose latency a processor hides behind the next row's: good for formats of two bytes and more.
/// </summary>
internal static unsafe class StreamTile
{
    /// <summary>Up to so many bytes of a row in two-byte formats, the processor's own fetching is better than ours: it looks past the row's end, at what comes next.</summary>
    private const nint ShortRow = 4096;

    /// <summary>Behind that, so many bytes are asked for ahead. Measured beside a half, a quarter and twice as much.</summary>
    private const nint AheadBytes = 8192;

    /// <summary>Sixteens of a row of float32 up to which x stays in the first-level cache beside it, and nothing need be asked for; four rows at a time are better for more.</summary>
    private const nint MostChunksOfFloat32 = 256;

    /// <summary>Whether this is the better way. For one-byte formats the chain takes longer than memory.</summary>
    public static bool Takes<TLoader>(nint chunks)
        where TLoader : struct, ILaneLoader =>
        Avx512F.IsSupported && (typeof(TLoader) == typeof(BFloat16Loader) || (typeof(TLoader) == typeof(Float32Loader) && chunks <= MostChunksOfFloat32));

    /// <summary>Four outputs.</summary>
    /// <param name="x">Whole sixteens of inputs.</param>
    /// <param name="w0">The first output's weights.</param>
    /// <param name="w1">The second output's weights.</param>
    /// <param name="w2">The third output's weights.</param>
    /// <param name="w3">The fourth output's weights.</param>
    /// <param name="chunks">Sixteens.</param>
    /// <param name="sums">Four results.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<TLoader>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
    {
        if (typeof(TLoader) == typeof(Float32Loader) || chunks * TLoader.Step <= ShortRow) Rows1<TLoader, ReadsNothingAhead>(x, w0, w1, w2, w3, chunks, sums);
        else Rows1<TLoader, ReadsAhead>(x, w0, w1, w2, w3, chunks, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows1<TLoader, TAhead>(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead =>
        LaneSum.Of(Row<TLoader, TAhead>(x, w0, chunks), Row<TLoader, TAhead>(x, w1, chunks), Row<TLoader, TAhead>(x, w2, chunks), Row<TLoader, TAhead>(x, w3, chunks)).Store(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Row<TLoader, TAhead>(float* x, byte* w, nint chunks)
        where TLoader : struct, ILaneLoader
        where TAhead : struct, IReadAhead
    {
        Vector512<float> sum = Vector512<float>.Zero;
        nint chunk = 0;
        for (; chunk <= chunks - 2; chunk += 2, x += 32, w += 2 * TLoader.Step)
        {
            TAhead.Fetch(w + AheadBytes, 2 * (int)TLoader.Step);
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(x), TLoader.Load(w), sum);
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(x + 16), TLoader.Load(w + TLoader.Step), sum);
        }

        return chunk < chunks ? Vector512.FusedMultiplyAdd(Vector512.Load(x), TLoader.Load(w), sum) : sum;
    }
}
