using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>The sixteen numbers that codes of a group stand for. Implemented by empty structs, so that kernels are compiled for each kind.</summary>
internal unsafe interface INibbleTable
{
    /// <summary>Which bit of the eight-code word each code of a sixteen begins at, as <see cref="NibbleTile"/> orders them.</summary>
    static abstract Vector512<ulong> Shifts { get; }

    /// <summary>The table of a group, counted over the whole matrix.</summary>
    static abstract Vector512<float> Of(float* scales, byte* zeros, nint group);
}

/// <summary>4-bit NormalFloat.</summary>
internal readonly unsafe struct NormalTable : INibbleTable
{
    public static Vector512<ulong> Shifts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(4ul, 0, 12, 8, 20, 16, 28, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(float* scales, byte* zeros, nint group) => NibbleLanes.Table(true, scales, null, group);
}

/// <summary>Integers whose zero points are all 8.</summary>
internal readonly unsafe struct SymmetricTable : INibbleTable
{
    public static Vector512<ulong> Shifts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.Create(0ul, 4, 8, 12, 16, 20, 24, 28);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(float* scales, byte* zeros, nint group) => Vector512.Create(-8f, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7) * Vector512.Create(scales[group]);
}

/// <summary>Integers with a zero point for each group.</summary>
internal readonly unsafe struct ZeroedTable : INibbleTable
{
    public static Vector512<ulong> Shifts
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => SymmetricTable.Shifts;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(float* scales, byte* zeros, nint group) => NibbleLanes.Table(false, scales, zeros, group);
}
