using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Pointwise;

/// <summary>E4M3 codes become float32 by a table: each number is a bfloat16, whose two bytes are looked up by the code without its sign.</summary>
/// <remarks>
/// Open Compute Project, "OCP 8-bit Floating Point Specification (OFP8)", revision 1.0. About nine instructions for 64 codes, where arithmetic takes seven for 16 and is slow for subnormal codes.
/// The codes are brought to an order first in which interleaving and cutting leaves each vector sixteen neighbours.
/// </remarks>
internal static unsafe class Float8Lanes
{
    /// <summary>Whether the processor has what this needs.</summary>
    public static bool IsSupported => Avx512Vbmi.IsSupported;

    /// <summary>Where each byte comes from.</summary>
    private static ReadOnlySpan<byte> Order =>
    [
        0, 16, 1, 17, 2, 18, 3, 19, 32, 48, 33, 49, 34, 50, 35, 51, 4, 20, 5, 21, 6, 22, 7, 23, 36, 52, 37, 53, 38, 54, 39, 55,
        8, 24, 9, 25, 10, 26, 11, 27, 40, 56, 41, 57, 42, 58, 43, 59, 12, 28, 13, 29, 14, 30, 15, 31, 44, 60, 45, 61, 46, 62, 47, 63,
    ];

    /// <summary>Upper bytes of the numbers of codes 0 … 63.</summary>
    private static ReadOnlySpan<byte> Upper =>
    [
        0x00, 0x3B, 0x3B, 0x3B, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3C, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D, 0x3D,
        0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3E, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    ];

    /// <summary>Those of codes 64 … 127.</summary>
    private static ReadOnlySpan<byte> MoreUpper =>
    [
        0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41,
        0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x42, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x43, 0x7F,
    ];

    /// <summary>Lower bytes of the numbers of codes 0 … 63.</summary>
    private static ReadOnlySpan<byte> Lower =>
    [
        0x00, 0x00, 0x80, 0xC0, 0x00, 0x20, 0x40, 0x60, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
    ];

    /// <summary>Those of codes 64 … 127.</summary>
    private static ReadOnlySpan<byte> MoreLower =>
    [
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0,
        0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xC0,
    ];

    /// <summary>The tables, for loops that keep them in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tables(out Vector512<byte> order, out Vector512<byte> upper, out Vector512<byte> moreUpper, out Vector512<byte> lower, out Vector512<byte> moreLower)
    {
        order = Vector512.Create(Order);
        upper = Vector512.Create(Upper);
        moreUpper = Vector512.Create(MoreUpper);
        lower = Vector512.Create(Lower);
        moreLower = Vector512.Create(MoreLower);
    }

    /// <summary>64 codes as four vectors of neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth) =>
        Load(source, Vector512.Create(Order), Vector512.Create(Upper), Vector512.Create(MoreUpper), Vector512.Create(Lower), Vector512.Create(MoreLower), out first, out second, out third, out fourth);

    /// <summary>The same with the tables at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(
        byte* source, Vector512<byte> order, Vector512<byte> upper, Vector512<byte> moreUpper, Vector512<byte> lower, Vector512<byte> moreLower,
        out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        Vector512<byte> codes = Avx512Vbmi.PermuteVar64x8(Vector512.Load(source), order);
        Vector512<byte> high = Avx512Vbmi.PermuteVar64x8x2(upper, codes, moreUpper) | (codes & Vector512.Create((byte)0x80)); // the permutation looks at seven bits
        Vector512<byte> low = Avx512Vbmi.PermuteVar64x8x2(lower, codes, moreLower);
        Vector512<uint> former = Avx512BW.UnpackLow(low, high).AsUInt32(), latter = Avx512BW.UnpackHigh(low, high).AsUInt32(), mask = Vector512.Create(0xFFFF0000);
        first = (former << 16).AsSingle();
        second = (former & mask).AsSingle();
        third = (latter << 16).AsSingle();
        fourth = (latter & mask).AsSingle();
    }
}
