using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Linear;

/// <summary>
/// One row of x times four rows of float16: the sums of <see cref="DotTile"/>. Infinities and NaN, which no model's weights have, are looked for in 32 weights at once, and where there is one,
/// the tile is computed again by the loader that knows them: knowing them everywhere took as long as the rest.
/// </summary>
internal static unsafe class Float16Tile
{
    /// <summary>Whether the processor has what this needs.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>Four outputs.</summary>
    /// <param name="x">Whole sixteens of inputs.</param>
    /// <param name="w0">The first output's weights.</param>
    /// <param name="w1">The second output's weights.</param>
    /// <param name="w2">The third output's weights.</param>
    /// <param name="w3">The fourth output's weights.</param>
    /// <param name="chunks">Sixteens.</param>
    /// <param name="sums">Four results.</param>
    /// <param name="ahead">Memory that is needed soon, as much as the weights.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1(float* x, byte* w0, byte* w1, byte* w2, byte* w3, nint chunks, float* sums, byte* ahead)
    {
        Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0;
        Vector512<ushort> special = Vector512<ushort>.Zero;
        nint at = 0, end = chunks * 32;
        float* input = x;
        for (; at <= end - 64; at += 64, input += 32, ahead += 256)
        {
            ReadsAhead.Fetch(ahead, 256);
            Vector512<float> first = Vector512.Load(input), second = Vector512.Load(input + 16);
            s0 = Vector512.FusedMultiplyAdd(second, Finite(w0 + at + 32), Vector512.FusedMultiplyAdd(first, Finite(w0 + at), s0));
            s1 = Vector512.FusedMultiplyAdd(second, Finite(w1 + at + 32), Vector512.FusedMultiplyAdd(first, Finite(w1 + at), s1));
            s2 = Vector512.FusedMultiplyAdd(second, Finite(w2 + at + 32), Vector512.FusedMultiplyAdd(first, Finite(w2 + at), s2));
            s3 = Vector512.FusedMultiplyAdd(second, Finite(w3 + at + 32), Vector512.FusedMultiplyAdd(first, Finite(w3 + at), s3));
            special |= Carry(w0 + at) | Carry(w1 + at) | Carry(w2 + at) | Carry(w3 + at);
        }

        if ((special & Vector512.Create((ushort)0x8000)) != Vector512<ushort>.Zero)
        {
            DotTile.Rows<Float16Loader, ReadsNothingAhead>(x, 1, w0, w1, w2, w3, chunks, sums, null);
            return;
        }

        if (at < end)
        {
            Vector512<float> last = Vector512.Load(input);
            s0 = Vector512.FusedMultiplyAdd(last, Float16Loader.Load(w0 + at), s0);
            s1 = Vector512.FusedMultiplyAdd(last, Float16Loader.Load(w1 + at), s1);
            s2 = Vector512.FusedMultiplyAdd(last, Float16Loader.Load(w2 + at), s2);
            s3 = Vector512.FusedMultiplyAdd(last, Float16Loader.Load(w3 + at), s3);
        }

        LaneSum.Of(s0, s1, s2, s3).Store(sums);
    }

    /// <summary>Sixteen finite numbers: as <see cref="Float16Loader"/>, subnormal ones included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Finite(byte* address) =>
        ((LaneWidening.FromInt16(address) << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(5.192296858534828e33f);

    /// <summary>32 words whose bit 15 says that an exponent is all ones: then one more carries into the sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Carry(byte* address)
    {
        Vector512<ushort> bits = Vector512.Load((ushort*)address);
        return (bits + Vector512.Create((ushort)0x0400)) ^ bits;
    }
}
