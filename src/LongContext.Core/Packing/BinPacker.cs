namespace LongContext.Packing;

/// <summary>One-dimensional bin packing: items of given lengths into as few bins of one capacity as the algorithm finds.</summary>
/// <remarks>
/// Deterministic; O(n log n) in time. First fit keeps a segment tree over bins, best fit a successor index over remaining
/// capacities, so memory is O(n) and O(n + capacity). Bound of the decreasing algorithms: at most 11/9·OPT + 6/9 bins
/// (Dósa 2007 for first fit).
/// </remarks>
public static class BinPacker
{
    /// <summary>Packs items into bins.</summary>
    /// <param name="lengths">Each item's length, from 1 to the capacity. May be empty.</param>
    /// <param name="capacity">What a bin holds, at least 1.</param>
    /// <param name="algorithm">How to pack.</param>
    /// <returns>
    /// Bins in the order they were opened, each the indices of its items in the order they were put in: ascending with
    /// <see cref="PackingAlgorithm.NextFit"/>, else from long to short and ascending among equals. Every index occurs once.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1, or the algorithm unknown.</exception>
    /// <exception cref="ArgumentException">A length is below 1 or above the capacity; the message names its index.</exception>
    public static IReadOnlyList<int[]> Pack(ReadOnlySpan<int> lengths, int capacity, PackingAlgorithm algorithm)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 1 || lengths[i] > capacity)
            {
                throw new ArgumentException($"Item {i} has length {lengths[i]}, expected 1 to the capacity of {capacity}.", nameof(lengths));
            }
        }

        int[] binOfItem = new int[lengths.Length];
        switch (algorithm)
        {
            case PackingAlgorithm.NextFit:
                int opened = NextFit(lengths, capacity, binOfItem);
                return Group(null, binOfItem, opened);
            case PackingAlgorithm.FirstFitDecreasing:
                int[] order = LongestFirst(lengths);
                return Group(order, binOfItem, FirstFit(lengths, order, capacity, binOfItem));
            case PackingAlgorithm.BestFitDecreasing:
                order = LongestFirst(lengths);
                return Group(order, binOfItem, BestFit(lengths, order, capacity, binOfItem));
            default:
                throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Expected NextFit, FirstFitDecreasing or BestFitDecreasing.");
        }
    }

    private static int NextFit(ReadOnlySpan<int> lengths, int capacity, int[] binOfItem)
    {
        int bins = 0;
        int remaining = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] > remaining)
            {
                bins++;
                remaining = capacity;
            }

            remaining -= lengths[i];
            binOfItem[i] = bins - 1;
        }

        return bins;
    }

    private static int FirstFit(ReadOnlySpan<int> lengths, int[] order, int capacity, int[] binOfItem)
    {
        if (order.Length == 0) return 0;
        FirstFitTree tree = new(order.Length, capacity);
        int bins = 0;
        foreach (int item in order)
        {
            int bin = tree.Take(lengths[item]);
            binOfItem[item] = bin;
            bins = Math.Max(bins, bin + 1);
        }

        return bins;
    }

    private static int BestFit(ReadOnlySpan<int> lengths, int[] order, int capacity, int[] binOfItem)
    {
        if (order.Length == 0) return 0;
        RemainingCapacityIndex index = new(order.Length, capacity, shortest: lengths[order[^1]]);
        int bins = 0;
        foreach (int item in order)
        {
            if (!index.TryTakeTightest(lengths[item], out int bin, out int remaining))
            {
                bin = bins++;
                remaining = capacity;
            }

            binOfItem[item] = bin;
            index.Add(bin, remaining - lengths[item]);
        }

        return bins;
    }

    /// <summary>Item indices by falling length, ascending among equals.</summary>
    private static int[] LongestFirst(ReadOnlySpan<int> lengths)
    {
        // Length and index in one sortable number: a primitive sort, several times faster than one with a comparer, and stable.
        long[] keys = new long[lengths.Length];
        for (int i = 0; i < keys.Length; i++) keys[i] = ((long)(int.MaxValue - lengths[i]) << 32) | (uint)i;
        Array.Sort(keys);
        int[] order = new int[keys.Length];
        for (int i = 0; i < order.Length; i++) order[i] = (int)(uint)keys[i];
        return order;
    }

    /// <summary>The items of each bin, in the order they were placed (null: by index).</summary>
    private static int[][] Group(int[]? order, int[] binOfItem, int bins)
    {
        int[] filled = new int[bins];
        foreach (int bin in binOfItem) filled[bin]++;
        int[][] groups = new int[bins][];
        for (int b = 0; b < bins; b++) groups[b] = new int[filled[b]];
        Array.Clear(filled);
        for (int i = 0; i < binOfItem.Length; i++)
        {
            int item = order is null ? i : order[i];
            int bin = binOfItem[item];
            groups[bin][filled[bin]++] = item;
        }

        return groups;
    }
}
