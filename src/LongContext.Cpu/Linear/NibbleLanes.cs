using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Sixteen 4-bit codes become float32 by a table of sixteen numbers: those of NormalFloat times the block's magnitude, or (code − zero) · scale of a group. Either is what the format says, to the bit.
/// </summary>
internal static unsafe class NibbleLanes
{
    /// <summary>Where the nibble of each lane starts in its eight-code word: first code in the low half (Int4).</summary>
    public static Vector512<uint> LowFirst => Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);

    /// <summary>As <see cref="LowFirst"/>, first code in the high half (Nf4).</summary>
    public static Vector512<uint> HighFirst => Vector512.Create(4u, 0, 12, 8, 20, 16, 28, 24, 4, 0, 12, 8, 20, 16, 28, 24);

    /// <summary>Whether groups are whole sixteens of a row, which the vector code needs.</summary>
    public static bool Fit(in WeightMatrix weight) => GroupSize(weight) % 16 == 0 && weight.Inputs % GroupSize(weight) == 0;

    /// <summary>Weights that share a scale.</summary>
    public static int GroupSize(in WeightMatrix weight) => weight.Format == WeightFormat.Nf4 ? NormalFloat.Block : weight.GroupSize;

    /// <summary>The table of a group, counted over the whole matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Table(bool normal, float* scales, byte* zeros, nint group)
    {
        Vector512<float> scale = Vector512.Create(scales[group]);
        if (normal)
        {
            return scale * Vector512.Create(
                -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
                0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f);
        }

        float zero = zeros is null ? 8 : zeros[group];
        return (Vector512.Create(0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) - Vector512.Create(zero)) * scale;
    }

    /// <summary>The sixteen codes at an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address, Vector512<uint> shifts, Vector512<float> table)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<int> halves = Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
            Vector512<uint> words = Avx512F.PermuteVar16x32(Vector512.Create(*(long*)address).AsInt32(), halves).AsUInt32();
            return Avx512F.PermuteVar16x32(table, Avx512F.ShiftRightLogicalVariable(words, shifts).AsInt32()); // which looks at the last four bits alone
        }

        uint first = *(uint*)address, second = *(uint*)(address + 4);
        return Vector512.Create(Half(first, shifts.GetLower(), table), Half(second, shifts.GetLower(), table));
    }

    private static Vector256<float> Half(uint word, Vector256<uint> shifts, Vector512<float> table)
    {
        if (Avx2.IsSupported)
        {
            Vector256<int> codes = Avx2.ShiftRightLogicalVariable(Vector256.Create(word), shifts).AsInt32(); // the permutation looks at three bits
            Vector256<float> lower = Avx2.PermuteVar8x32(table.GetLower(), codes), upper = Avx2.PermuteVar8x32(table.GetUpper(), codes);
            return Avx.BlendVariable(lower, upper, (codes << 28).AsSingle()); // the fourth bit as sign
        }

        Vector256<float> value = default;
        for (int i = 0; i < 8; i++) value = value.WithElement(i, table.GetElement((int)(word >> (int)shifts.GetElement(i)) & 15));
        return value;
    }
}
