namespace LongContext.Packing;

/// <summary>
/// Deals sequences out to packs whose lengths are known. Two passes that write in order: the numbers are sorted by length (a counting
/// sort), then each pack takes the next ones of its lengths. Writing to the packs in one pass would touch a line of memory per number.
/// </summary>
internal static class IndexDealing
{
    private const int BlockPlaces = 4096; // written once for each run of a pack's lengths, so they should stay in the nearest cache

    /// <exception cref="ArgumentException">The lengths are not those of the histogram.</exception>
    public static PackAssignment Deal(ReadOnlySpan<int> lengths, LengthHistogram histogram, IReadOnlyList<PackStrategy> strategies)
    {
        if (lengths.Length != histogram.SequenceCount)
            throw new ArgumentException($"There are {lengths.Length} lengths, but {histogram.SequenceCount} sequences were packed.", nameof(lengths));
        int[] sorted = SortedByLength(lengths, histogram, out int[] next);
        ReadOnlySpan<int> distinct = histogram.Lengths;
        int packs = 0;
        foreach (PackStrategy strategy in strategies) packs += (int)strategy.Count; // no more than sequences
        // Every place is written below; clearing them first would be a fifth of the time.
        int[] offsets = GC.AllocateUninitializedArray<int>(packs + 1), indices = GC.AllocateUninitializedArray<int>(lengths.Length);
        int pack = 0, end = 0;
        List<(int Slot, int Times)> runs = [];
        foreach (PackStrategy strategy in strategies)
        {
            FindRuns(strategy.Lengths.Span, distinct, runs);
            int size = strategy.Lengths.Length, block = Math.Max(1, BlockPlaces / size);
            for (int left = (int)strategy.Count, count; left > 0; left -= count)
            {
                count = Math.Min(left, block);
                Span<int> places = indices.AsSpan(end, count * size);
                int offset = 0;
                foreach ((int slot, int times) in runs)
                {
                    int from = next[slot];
                    next[slot] = from + (count * times);
                    Scatter(sorted.AsSpan(from, count * times), times, places[offset..], size);
                    offset += times;
                }

                foreach (ref int start in offsets.AsSpan(pack, count))
                {
                    start = end;
                    end += size;
                }

                pack += count;
            }
        }

        offsets[pack] = end;
        return new PackAssignment(offsets, indices);
    }

    /// <summary>The numbers of sequences by falling length, ascending among equals.</summary>
    public static int[] LongestFirst(ReadOnlySpan<int> lengths)
    {
        LengthHistogram histogram = LengthHistogram.FromLengths(lengths);
        int[] sorted = SortedByLength(lengths, histogram, out int[] starts);
        int[] order = new int[sorted.Length];
        int end = 0;
        for (int slot = starts.Length - 1; slot >= 0; slot--)
        {
            int count = (int)histogram.Counts[slot];
            sorted.AsSpan(starts[slot], count).CopyTo(order.AsSpan(end));
            end += count;
        }

        return order;
    }

    /// <summary>Writes so many numbers at a time, each time so much further on.</summary>
    private static void Scatter(ReadOnlySpan<int> numbers, int times, Span<int> places, int stride)
    {
        if (times == stride)
        {
            numbers.CopyTo(places);
        }
        else if (times == 1)
        {
            for (int i = 0, at = 0; i < numbers.Length && at < places.Length; i++, at += stride) places[at] = numbers[i];
        }
        else
        {
            for (int i = 0, at = 0; i < numbers.Length; i += times, at += stride) numbers.Slice(i, times).CopyTo(places[at..]);
        }
    }

    /// <param name="lengths">The sequences' lengths.</param>
    /// <param name="histogram">Theirs, if they are those that were packed.</param>
    /// <param name="starts">For each distinct length, where its numbers begin.</param>
    private static int[] SortedByLength(ReadOnlySpan<int> lengths, LengthHistogram histogram, out int[] starts)
    {
        ReadOnlySpan<int> distinct = histogram.Lengths;
        ReadOnlySpan<long> counts = histogram.Counts;
        int[] sorted = GC.AllocateUninitializedArray<int>(lengths.Length);
        starts = new int[distinct.Length];
        for (int slot = 1; slot < starts.Length; slot++) starts[slot] = starts[slot - 1] + (int)counts[slot - 1];
        int[] next = (int[])starts.Clone();
        LengthSlots slots = new(distinct, lengths.Length);
        for (int i = 0; i < lengths.Length; i++)
        {
            int slot = slots.Find(lengths[i]);
            // A length that does not occur, or one too many (which takes the next length's place, and is found out below).
            if (slot < 0 || next[slot] == sorted.Length) throw Other(lengths, histogram);
            sorted[next[slot]++] = i;
        }

        for (int slot = 0; slot < starts.Length; slot++)
        {
            if (next[slot] - starts[slot] != counts[slot]) throw Other(lengths, histogram);
        }

        return sorted;
    }

    private static void FindRuns(ReadOnlySpan<int> lengths, ReadOnlySpan<int> distinct, List<(int Slot, int Times)> runs)
    {
        runs.Clear();
        for (int start = 0, end; start < lengths.Length; start = end)
        {
            for (end = start + 1; end < lengths.Length && lengths[end] == lengths[start]; end++)
            {
            }

            runs.Add((distinct.BinarySearch(lengths[start]), end - start));
        }
    }

    private static ArgumentException Other(ReadOnlySpan<int> lengths, LengthHistogram histogram)
    {
        LengthHistogram found = LengthHistogram.FromLengths(lengths);
        foreach (int length in found.Merge(histogram).Lengths)
        {
            if (found[length] != histogram[length])
                return new ArgumentException($"There are {found[length]} sequences of length {length}, but {histogram[length]} of them were packed.", nameof(lengths));
        }

        throw new InvalidOperationException("The lengths changed while they were read.");
    }
}
