using LongContext.Data;

namespace LongContext.Packing;

/// <summary>The bins of one look-ahead window by lengths alone, and which of them are handed out now.</summary>
/// <param name="Bins">All of the window's bins.</param>
/// <param name="Chosen">Those to hand out, in this order; the others' items wait for the next window.</param>
internal readonly record struct WindowBins(PackAssignment Bins, IReadOnlyList<int> Chosen)
{
    /// <param name="lengths">The window's items in the stream's order.</param>
    /// <param name="waited">In how many windows each of them was left over.</param>
    /// <param name="options">How to pack.</param>
    /// <param name="ended">Nothing comes after these items: none may wait.</param>
    /// <param name="window">The window's number, for the seed.</param>
    public static WindowBins Pack(ReadOnlySpan<int> lengths, ReadOnlySpan<int> waited, StreamingPackerOptions options, bool ended, long window)
    {
        PackAssignment bins = BinPacker.Assign(lengths, options.ContextLength, options.Algorithm);
        List<int> chosen = new(bins.Count);
        if (ended || options.Algorithm == PackingAlgorithm.NextFit)
        {
            // The last bin of next fit may still have room for what comes next.
            for (int b = 0; b < (ended ? bins.Count : bins.Count - 1); b++) chosen.Add(b);
        }
        else
        {
            Choose(chosen, bins, lengths, waited, options);
        }

        return new WindowBins(bins, InOrder(chosen, bins, lengths, options, window));
    }

    /// <summary>Full bins go, and bins with an item that has waited long enough; of the others, the fullest, until half the window is free.</summary>
    private static void Choose(List<int> chosen, PackAssignment bins, ReadOnlySpan<int> lengths, ReadOnlySpan<int> waited, StreamingPackerOptions options)
    {
        int[] fills = new int[bins.Count];
        List<int> others = [];
        long leftTokens = 0;
        int leftItems = 0;
        double enough = options.MinimumFill * options.ContextLength;
        for (int b = 0; b < fills.Length; b++)
        {
            bool isDue = false;
            ReadOnlySpan<int> bin = bins[b];
            foreach (int i in bin)
            {
                fills[b] += lengths[i];
                isDue |= waited[i] + 1 >= options.MaximumWindows;
            }

            if (isDue || fills[b] >= enough)
            {
                chosen.Add(b);
                continue;
            }

            others.Add(b);
            leftTokens += fills[b];
            leftItems += bin.Length;
        }

        int mostTokens = options.EffectiveWindowTokens / 2, mostItems = Math.Max(options.WindowDocuments, lengths.Length) / 2;
        if (chosen.Count > 0 && leftTokens <= mostTokens && leftItems <= mostItems) return;
        foreach (int b in others.OrderByDescending(b => fills[b]))
        {
            if (chosen.Count > 0 && leftTokens <= mostTokens && leftItems <= mostItems) break;
            chosen.Add(b);
            leftTokens -= fills[b];
            leftItems -= bins[b].Length;
        }

        chosen.Sort(); // in the order they were packed
    }

    private static IReadOnlyList<int> InOrder(List<int> chosen, PackAssignment bins, ReadOnlySpan<int> lengths, StreamingPackerOptions options, long window)
    {
        if (options.Order == PackOrder.LongestFirst)
        {
            long[] costs = new long[bins.Count];
            foreach (int b in chosen)
            {
                // At most 2³⁰ tokens: their squares' sum does not overflow.
                foreach (int i in bins[b]) costs[b] += (long)lengths[i] * lengths[i];
            }

            return [.. chosen.OrderByDescending(b => costs[b])];
        }

        if (options.Order != PackOrder.Shuffled) return chosen;
        int[] shuffled = [.. chosen];
        new SplitMix64(options.Seed, window).Shuffle(shuffled.AsSpan());
        return shuffled;
    }
}
