namespace LongContext.Packing;

/// <summary>
/// Best-fit decreasing over counts. All bins with the same documents are one group, and all documents of one length go in at once: a
/// document that fits into the tightest bin leaves it tighter still, so the next of its length goes into the same bin until it fits no
/// more. Thus a group of k bins with room r takes ⌊r / length⌋ documents a bin (or fewer, up to the limit of documents), bin by bin, and the
/// work is per length and group. The bins are those that best fit makes document by document, the latest first among equally tight ones.
/// </summary>
internal sealed class BestFitByCounts
{
    private readonly int capacity;
    private readonly int mostDocuments;
    private readonly RemainingCapacityIndex index;
    private readonly List<Step> steps = [];
    private readonly List<Group> groups = [];

    private BestFitByCounts(int capacity, int mostDocuments, int shortest, int distinct)
    {
        this.capacity = capacity;
        this.mostDocuments = mostDocuments;
        index = new RemainingCapacityIndex((4 * distinct) + 4, capacity, shortest);
    }

    /// <param name="histogram">The lengths, none above the capacity.</param>
    /// <param name="capacity">What a bin holds.</param>
    /// <param name="mostDocuments">Most documents in a bin.</param>
    /// <returns>The bins, those opened first first.</returns>
    public static List<PackStrategy> Pack(LengthHistogram histogram, int capacity, int mostDocuments)
    {
        if (histogram.SequenceCount == 0) return [];
        BestFitByCounts packing = new(capacity, mostDocuments, histogram.MinimumLength, histogram.Lengths.Length);
        for (int i = histogram.Lengths.Length - 1; i >= 0; i--) packing.Place(histogram.Lengths[i], histogram.Counts[i]);
        return packing.Strategies();
    }

    private void Place(int length, long count)
    {
        while (count > 0 && index.TryTakeTightest(length, out int number, out int room))
        {
            Group group = groups[number];
            int each = Math.Min(room / length, mostDocuments - group.Documents);
            long whole = Math.Min(group.Bins, count / each);
            long rest = group.Bins - whole;
            count -= whole * each;
            // Fewer are left than one bin takes: they are the last.
            bool partly = rest > 0 && count > 0;
            if (partly) rest--;

            // What the group keeps goes back first, so that bins taken out of it are later ones than it.
            if (rest > 0)
            {
                groups[number] = group with { Bins = rest };
                index.Add(number, room);
            }

            if (whole > 0) Add(rest > 0 ? groups.Count : number, group, room, length, each, whole);
            if (partly)
            {
                Add(rest > 0 || whole > 0 ? groups.Count : number, group, room, length, (int)count, 1);
                count = 0;
            }
        }

        if (count == 0) return;
        int most = Math.Min(capacity / length, mostDocuments);
        if (count >= most) Add(groups.Count, default, capacity, length, most, count / most);
        if (count % most is > 0 and var last) Add(groups.Count, default, capacity, length, (int)last, 1);
    }

    /// <summary>Bins of a group with some more documents, as a group in its place or a new one.</summary>
    private void Add(int number, Group from, int room, int length, int times, long bins)
    {
        Group group = new(steps.Count, from.Documents + times, bins);
        steps.Add(new Step(from.Documents == 0 ? -1 : from.LastStep, length, times));
        if (number == groups.Count) groups.Add(group);
        else groups[number] = group;
        if (group.Documents < mostDocuments) index.Add(number, room - (times * length));
    }

    private List<PackStrategy> Strategies()
    {
        List<PackStrategy> strategies = new(groups.Count);
        foreach (Group group in groups)
        {
            int[] lengths = new int[group.Documents];
            int end = lengths.Length;
            for (int at = group.LastStep; at >= 0; at = steps[at].Before)
            {
                lengths.AsSpan(end - steps[at].Times, steps[at].Times).Fill(steps[at].Length);
                end -= steps[at].Times;
            }

            strategies.Add(new PackStrategy(lengths, group.Bins));
        }

        // A group that was split has younger parts at the end. Stable, so groups of one longest document keep their order.
        return [.. strategies.OrderByDescending(strategy => strategy.Lengths.Span[0])];
    }

    /// <summary>Documents of one length put into a bin, after those of an earlier step (−1: into an empty one).</summary>
    private readonly record struct Step(int Before, int Length, int Times);

    private readonly record struct Group(int LastStep, int Documents, long Bins);
}
