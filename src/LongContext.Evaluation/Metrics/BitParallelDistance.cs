using System.Numerics;
using System.Runtime.CompilerServices;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Edit distance and longest common subsequence over a table of pattern × text cells that is never stored: 64 rows are one word
/// of differences between neighbouring cells.
/// </summary>
/// <remarks>
/// <para>Distance: Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic programming", J. ACM 46
/// (1999), in blocks as Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003). Common
/// subsequence: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).</para>
/// <para>The blocks of 64 rows are walked one after the other along the whole text, and what crosses the border between two blocks
/// is kept per column. So the masks of one block alone are needed at a time, and memory stays linear however many different
/// symbols there are. Two blocks are walked together, the lower one a column behind: each step waits for the one before it, and
/// two chains of steps fill the processor where one leaves it idle.</para>
/// </remarks>
internal static class BitParallelDistance
{
    private const int BlockSize = 64;

    // Per column, the difference of two neighbouring cells on a block's lowest row: bit 0 set for +1, bit 1 for -1.
    private const byte Plus = 1;

    /// <summary>Fewest insertions, deletions and substitutions.</summary>
    public static int Levenshtein(int[] pattern, int[] text, int alphabetSize)
    {
        if (pattern.Length == 0) return text.Length;
        byte[] border = new byte[text.Length];
        // Above the first row stands 0, 1, 2, ...: each cell is one more than its left neighbour.
        Array.Fill(border, Plus);
        ulong[] upperMasks = new ulong[alphabetSize + 1];
        ulong[] lowerMasks = new ulong[alphabetSize + 1];
        int row = 0;
        for (; row + BlockSize < pattern.Length; row += 2 * BlockSize)
        {
            ReadOnlySpan<int> upper = pattern.AsSpan(row, BlockSize);
            ReadOnlySpan<int> lower = pattern.AsSpan(row + BlockSize, Math.Min(BlockSize, pattern.Length - row - BlockSize));
            SetMasks(upperMasks, upper);
            SetMasks(lowerMasks, lower);
            LevenshteinPair(upperMasks, lowerMasks, lower.Length - 1, text, border);
            ClearMasks(upperMasks, upper);
            ClearMasks(lowerMasks, lower);
        }

        if (row < pattern.Length)
        {
            ReadOnlySpan<int> last = pattern.AsSpan(row);
            SetMasks(upperMasks, last);
            LevenshteinSingle(upperMasks, last.Length - 1, text, border);
        }

        // Down the first column the distance grows to the pattern's length, then the last row's differences lead to the corner.
        int distance = pattern.Length;
        foreach (byte difference in border) distance += (difference & 1) - (difference >> 1);
        return distance;
    }

    /// <summary>Length of the longest common subsequence.</summary>
    public static int LongestCommonSubsequence(int[] pattern, int[] text, int alphabetSize)
    {
        if (pattern.Length == 0) return 0;
        byte[] carries = new byte[text.Length];
        ulong[] upperMasks = new ulong[alphabetSize + 1];
        ulong[] lowerMasks = new ulong[alphabetSize + 1];
        int length = 0;
        for (int row = 0; row < pattern.Length; row += 2 * BlockSize)
        {
            ReadOnlySpan<int> upper = pattern.AsSpan(row, Math.Min(BlockSize, pattern.Length - row));
            // Empty for an odd number of blocks: without a mask a block finds nothing.
            ReadOnlySpan<int> lower = pattern.AsSpan(row + upper.Length, Math.Min(BlockSize, pattern.Length - row - upper.Length));
            SetMasks(upperMasks, upper);
            SetMasks(lowerMasks, lower);
            length += CommonPair(upperMasks, lowerMasks, text, carries);
            ClearMasks(upperMasks, upper);
            ClearMasks(lowerMasks, lower);
        }

        return length;
    }

    // The walks are compiled with full optimisation at once: the tiered compiler's profiled version ran a third slower here, and a
    // program that scores one long text would stay in its first version throughout.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LevenshteinPair(ulong[] upperMasks, ulong[] lowerMasks, int lowerTop, int[] text, byte[] border)
    {
        ulong upperPlus = ulong.MaxValue, upperMinus = 0, lowerPlus = ulong.MaxValue, lowerMinus = 0;
        Step(upperMasks[text[0]], border[0] & 1UL, (ulong)border[0] >> 1, ref upperPlus, ref upperMinus, out ulong more, out ulong less);
        for (int j = 1; j < text.Length; j++)
        {
            Step(
                lowerMasks[text[j - 1]], more >> (BlockSize - 1), less >> (BlockSize - 1), ref lowerPlus, ref lowerMinus,
                out ulong lowerMore, out ulong lowerLess);
            Step(upperMasks[text[j]], border[j] & 1UL, (ulong)border[j] >> 1, ref upperPlus, ref upperMinus, out more, out less);
            border[j - 1] = Difference(lowerMore, lowerLess, lowerTop);
        }

        Step(
            lowerMasks[text[^1]], more >> (BlockSize - 1), less >> (BlockSize - 1), ref lowerPlus, ref lowerMinus, out more, out less);
        border[^1] = Difference(more, less, lowerTop);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LevenshteinSingle(ulong[] masks, int top, int[] text, byte[] border)
    {
        ulong plus = ulong.MaxValue, minus = 0;
        for (int j = 0; j < text.Length; j++)
        {
            Step(masks[text[j]], border[j] & 1UL, (ulong)border[j] >> 1, ref plus, ref minus, out ulong more, out ulong less);
            border[j] = Difference(more, less, top);
        }
    }

    /// <summary>One column of a block of 64 rows.</summary>
    /// <param name="equal">Rows whose symbol is the column's.</param>
    /// <param name="abovePlus">1 where the row above the block is one more than in the column before, else 0.</param>
    /// <param name="aboveMinus">1 where it is one less, else 0.</param>
    /// <param name="plus">Rows where the cell is one more than the one above it.</param>
    /// <param name="minus">Rows where it is one less.</param>
    /// <param name="more">Rows where the cell is one more than in the column before.</param>
    /// <param name="less">Rows where it is one less.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ulong equal, ulong abovePlus, ulong aboveMinus, ref ulong plus, ref ulong minus, out ulong more, out ulong less)
    {
        ulong vertical = equal | minus;
        equal |= aboveMinus;
        ulong diagonal = (((equal & plus) + plus) ^ plus) | equal;
        more = minus | ~(diagonal | plus);
        less = plus & diagonal;
        ulong moreAbove = (more << 1) | abovePlus;
        ulong lessAbove = (less << 1) | aboveMinus;
        plus = lessAbove | ~(vertical | moreAbove);
        minus = moreAbove & vertical;
    }

    /// <summary>A block's last row as the border keeps it.</summary>
    /// <param name="more">As of the step.</param>
    /// <param name="less">As of the step.</param>
    /// <param name="top">The row's bit: 63 in all but the pattern's last block.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Difference(ulong more, ulong less, int top) =>
        (byte)((uint)((more >> top) & 1) | ((uint)((less >> top) & 1) << 1));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CommonPair(ulong[] upperMasks, ulong[] lowerMasks, int[] text, byte[] carries)
    {
        ulong upper = ulong.MaxValue, lower = ulong.MaxValue;
        ulong between = CommonStep(upperMasks[text[0]], carries[0], ref upper);
        for (int j = 1; j < text.Length; j++)
        {
            ulong below = CommonStep(lowerMasks[text[j - 1]], between, ref lower);
            between = CommonStep(upperMasks[text[j]], carries[j], ref upper);
            carries[j - 1] = (byte)below;
        }

        carries[^1] = (byte)CommonStep(lowerMasks[text[^1]], between, ref lower);
        return BitOperations.PopCount(~upper) + BitOperations.PopCount(~lower);
    }

    /// <summary>
    /// One column of a block: rows = (rows + (rows and equal)) or (rows without equal); returns the addition's carry.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong CommonStep(ulong equal, ulong carry, ref ulong rows)
    {
        ulong matched = rows & equal;
        ulong once = rows + matched;
        ulong sum = once + carry;
        ulong carried = (once < rows ? 1UL : 0UL) | (sum < once ? 1UL : 0UL);
        rows = sum | (rows & ~equal);
        return carried;
    }

    private static void SetMasks(ulong[] masks, ReadOnlySpan<int> block)
    {
        for (int i = 0; i < block.Length; i++) masks[block[i]] |= 1UL << i;
    }

    private static void ClearMasks(ulong[] masks, ReadOnlySpan<int> block)
    {
        foreach (int symbol in block) masks[symbol] = 0;
    }
}
