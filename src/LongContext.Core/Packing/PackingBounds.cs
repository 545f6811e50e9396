namespace LongContext.Packing;

/// <summary>Numbers of packs that no packing can do without.</summary>
internal static class PackingBounds
{
    /// <summary>Rounded up; both are positive or 0 above.</summary>
    public static long Quotient(long tokens, long capacity) => (tokens / capacity) + (tokens % capacity > 0 ? 1 : 0);

    /// <summary>
    /// L2: for a threshold a ≤ C/2, sequences longer than C − a have a pack each, those longer than C/2 too (but leave room in it), and
    /// those from a to C/2 go into that room and into further packs; L2 is the largest such sum. Only lengths that occur can be
    /// thresholds that matter. O(distinct lengths).
    /// </summary>
    public static long MartelloToth(LengthHistogram histogram, int capacity)
    {
        ReadOnlySpan<int> lengths = histogram.Lengths;
        ReadOnlySpan<long> counts = histogram.Counts;
        int half = FirstAbove(lengths, capacity / 2);
        long longOnes = 0;
        for (int i = half; i < lengths.Length; i++) longOnes += counts[i];
        long best = Math.Max(longOnes, Quotient(histogram.TokenCount, capacity));

        // Thresholds from high to low: `medium` is what lies from the threshold to C/2; `room` is what the packs of sequences from C/2 to
        // C − a leave (Σ C − w). Lower thresholds bring in more of both.
        Int128 medium = 0, room = 0;
        int upper = half;
        for (int i = half - 1; i >= 0; i--)
        {
            medium += (Int128)counts[i] * lengths[i];
            for (; upper < lengths.Length && lengths[upper] <= capacity - lengths[i]; upper++) room += (Int128)counts[upper] * (capacity - lengths[upper]);
            if (medium > room) best = Math.Max(best, longOnes + (long)((medium - room + capacity - 1) / capacity));
        }

        return best;
    }

    /// <summary>
    /// With at most so many documents per pack: sequences beside which not even the shortest fits have a pack each, the others share as many as the
    /// limit allows.
    /// </summary>
    public static long OfDocuments(LengthHistogram histogram, int capacity, int mostDocuments)
    {
        long alone = 0;
        for (int i = histogram.Lengths.Length - 1; i >= 0 && histogram.Lengths[i] > capacity - histogram.MinimumLength; i--) alone += histogram.Counts[i];
        return alone + Quotient(histogram.SequenceCount - alone, mostDocuments);
    }

    private static int FirstAbove(ReadOnlySpan<int> lengths, int limit)
    {
        int at = 0;
        while (at < lengths.Length && lengths[at] <= limit) at++;
        return at;
    }
}
