namespace LongContext.Packing;

/// <summary>
/// One-dimensional bin packing: items of given lengths into as few bins of one capacity as the algorithm finds.
/// </summary>
/// <remarks>
/// Deterministic. Lengths are sorted by counting where they are not far apart. First fit keeps a segment tree over bins, O(n log n); best fit
/// packs counts of lengths, as <see cref="HistogramPacker"/> does, so that little more than the dealing out of numbers depends on n. Memory is
/// O(n), and for best fit O(n + capacity) up to a capacity of about 2²⁶ (beyond that O(n), and slower). Bound of the decreasing algorithms: at most 11/9·OPT + 6/9 bins (Dósa 2007 for first fit).
/// </remarks>
public static class BinPacker
{
    /// <summary>From so many items on, counting lengths is faster than sorting them and placing them one by one.</summary>
    private const int CountedFrom = 1 << 13;

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
        PackAssignment bins = Assign(lengths, capacity, algorithm);
        int[][] items = new int[bins.Count][];
        for (int b = 0; b < items.Length; b++) items[b] = bins[b].ToArray();
        return items;
    }

    /// <summary>Packs items into bins, as <see cref="Pack"/> does, and gives them in two arrays: for millions of items and bins.</summary>
    /// <param name="lengths">Each item's length, from 1 to the capacity. May be empty.</param>
    /// <param name="capacity">What a bin holds, at least 1.</param>
    /// <param name="algorithm">How to pack.</param>
    /// <returns>The bins, in the order that <see cref="Pack"/> tells.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1, or the algorithm unknown.</exception>
    /// <exception cref="ArgumentException">A length is below 1 or above the capacity; the message names its index.</exception>
    public static PackAssignment Assign(ReadOnlySpan<int> lengths, int capacity, PackingAlgorithm algorithm)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (!Enum.IsDefined(algorithm))
            throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Expected NextFit, FirstFitDecreasing or BestFitDecreasing.");
        if (lengths.ContainsAnyExceptInRange(1, capacity))
        {
            int at = lengths.IndexOfAnyExceptInRange(1, capacity);
            throw new ArgumentException($"Item {at} has length {lengths[at]}, expected 1 to the capacity of {capacity}.", nameof(lengths));
        }

        if (lengths.IsEmpty) return new PackAssignment([0], []);
        return algorithm switch
        {
            PackingAlgorithm.NextFit => NextFit(lengths, capacity),
            PackingAlgorithm.FirstFitDecreasing => FirstFit(lengths, capacity),
            _ => BestFit(lengths, capacity),
        };
    }

    private static PackAssignment NextFit(ReadOnlySpan<int> lengths, int capacity)
    {
        List<int> offsets = [];
        int[] indices = new int[lengths.Length];
        int remaining = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] > remaining)
            {
                offsets.Add(i);
                remaining = capacity;
            }

            remaining -= lengths[i];
            indices[i] = i;
        }

        return new PackAssignment([.. offsets, lengths.Length], indices);
    }

    private static PackAssignment FirstFit(ReadOnlySpan<int> lengths, int capacity)
    {
        int[] order = LongestFirst(lengths);
        int[] binOfItem = new int[lengths.Length];
        FirstFitTree tree = new(order.Length, capacity);
        int bins = 0;
        foreach (int item in order)
        {
            int bin = tree.Take(lengths[item]);
            binOfItem[item] = bin;
            bins = Math.Max(bins, bin + 1);
        }

        return Group(order, binOfItem, bins);
    }

    private static PackAssignment BestFit(ReadOnlySpan<int> lengths, int capacity)
    {
        if (lengths.Length >= CountedFrom)
        {
            LengthHistogram histogram = LengthHistogram.FromLengths(lengths);
            return IndexDealing.Deal(lengths, histogram, BestFitByCounts.Pack(histogram, capacity, int.MaxValue));
        }

        int[] order = LongestFirst(lengths);
        int[] binOfItem = new int[lengths.Length];
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

        return Group(order, binOfItem, bins);
    }

    /// <summary>Item indices by falling length, ascending among equals.</summary>
    private static int[] LongestFirst(ReadOnlySpan<int> lengths)
    {
        if (lengths.Length >= CountedFrom) return IndexDealing.LongestFirst(lengths);

        // Length and index in one sortable number: a primitive sort, several times faster than one with a comparer, and stable.
        long[] keys = new long[lengths.Length];
        for (int i = 0; i < keys.Length; i++) keys[i] = ((long)(int.MaxValue - lengths[i]) << 32) | (uint)i;
        Array.Sort(keys);
        int[] order = new int[keys.Length];
        for (int i = 0; i < order.Length; i++) order[i] = (int)(uint)keys[i];
        return order;
    }

    /// <summary>The items of each bin, in the order they were placed: a counting sort by bin.</summary>
    private static PackAssignment Group(int[] order, int[] binOfItem, int bins)
    {
        int[] offsets = new int[bins + 1];
        foreach (int bin in binOfItem) offsets[bin + 1]++;
        for (int b = 0; b < bins; b++) offsets[b + 1] += offsets[b];
        int[] next = (int[])offsets.Clone(), indices = new int[order.Length];
        foreach (int item in order) indices[next[binOfItem[item]]++] = item;
        return new PackAssignment(offsets, indices);
    }
}
