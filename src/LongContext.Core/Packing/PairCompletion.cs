namespace LongContext.Packing;

/// <summary>
/// Packing under a limit of documents per pack, over counts. Best fit gives a long document the one partner that fills its pack; the short ones
/// then meet each other, and the limit closes packs that are far from full. Here the longest document's pack is filled by two others whose lengths
/// add up to its room, and of all such pairs the one of which there are most is taken, for as many packs as there are: so the lengths that
/// are left stay many and various. Where no pair fills the room, the pair (or the single document) that leaves least is taken.
/// O(distinct lengths²) in time, since every step uses up a length or nearly so.
/// </summary>
internal sealed class PairCompletion
{
    /// <summary>Above so many distinct lengths a step is slow, and best fit does well by itself.</summary>
    public const int MostLengths = 4096;

    private readonly int capacity;
    private readonly int mostDocuments;
    private readonly List<int> lengths; // ascending, those that are left
    private readonly List<long> counts;
    private readonly List<PackStrategy> strategies = [];
    private readonly List<int> pack = []; // places in `lengths` of the pack that is being filled
    private readonly int[] times; // how often each place stands in `pack`

    private PairCompletion(LengthHistogram histogram, int capacity, int mostDocuments)
    {
        this.capacity = capacity;
        this.mostDocuments = mostDocuments;
        lengths = [.. histogram.Lengths];
        counts = [.. histogram.Counts];
        times = new int[lengths.Count];
    }

    /// <param name="histogram">The lengths, none above the capacity.</param>
    /// <param name="capacity">What a bin holds.</param>
    /// <param name="mostDocuments">Most documents in a bin, at least 3.</param>
    /// <returns>The bins, by their longest document, the longest first.</returns>
    public static List<PackStrategy> Pack(LengthHistogram histogram, int capacity, int mostDocuments)
    {
        PairCompletion packing = new(histogram, capacity, mostDocuments);
        while (packing.lengths.Count > 0) packing.Step();
        return packing.strategies;
    }

    private void Step()
    {
        pack.Clear();
        int room = capacity;
        Take(lengths.Count - 1, ref room);
        // While two more of the longest cannot fill it, one more of them goes in.
        while (mostDocuments - pack.Count > 2 && room > 2L * lengths[^1] && Left(lengths.Count - 1) > 0) Take(lengths.Count - 1, ref room);
        while (pack.Count < mostDocuments && Complete(ref room))
        {
        }

        Emit();
    }

    /// <summary>Adds the pair, or the one document, that leaves the least room; false where nothing fits.</summary>
    private bool Complete(ref int room)
    {
        int single = LongestUpTo(room);
        if (single < 0) return false;
        long leastRoom = room - lengths[single], most = 0;
        (int First, int Second) best = (-1, -1);
        if (mostDocuments - pack.Count >= 2)
        {
            // The shorter of the two ascends, so the longest that fits beside it descends.
            int longer = single;
            // Where any two fit, the two longest leave the least.
            bool anyFit = 2L * lengths[single] <= room;
            int first = !anyFit ? 0 : Left(single) > 1 ? single : Math.Max(LastLeft(single - 1), 0);
            for (int shorter = first; shorter < lengths.Count && 2L * lengths[shorter] <= room; shorter++)
            {
                if (Left(shorter) == 0) continue;
                int rest = room - lengths[shorter];
                while (longer > shorter && (lengths[longer] > rest || Left(longer) == 0)) longer--;
                if (longer < shorter || lengths[longer] > rest) break;
                long packs = longer == shorter ? Left(shorter) / 2 : Math.Min(Left(shorter), Left(longer));
                long leaves = rest - lengths[longer];
                // A pair before a single document that leaves as much: it keeps fewer documents for later.
                if (packs == 0 || leaves > leastRoom || (leaves == leastRoom && packs <= most)) continue;
                (leastRoom, most, best) = (leaves, packs, (longer, shorter));
            }
        }

        if (best.First < 0)
        {
            Take(single, ref room);
            return true;
        }

        Take(best.First, ref room);
        Take(best.Second, ref room);
        return true;
    }

    /// <summary>Makes the pack as often as its documents last, and forgets lengths that are used up.</summary>
    private void Emit()
    {
        long packs = long.MaxValue;
        foreach (int place in pack) packs = Math.Min(packs, counts[place] / times[place]);
        strategies.Add(new PackStrategy(pack.Select(place => lengths[place]).OrderDescending().ToArray(), packs));
        foreach (int place in pack)
        {
            counts[place] -= packs;
            times[place] = 0;
        }

        foreach (int place in pack.Distinct().OrderDescending().ToArray())
        {
            if (counts[place] > 0) continue;
            lengths.RemoveAt(place);
            counts.RemoveAt(place);
        }
    }

    private void Take(int place, ref int room)
    {
        pack.Add(place);
        times[place]++;
        room -= lengths[place];
    }

    /// <summary>Documents of a length beside those that are in the pack.</summary>
    private long Left(int place) => counts[place] - times[place];

    private int LongestUpTo(int room)
    {
        int place = lengths.BinarySearch(room);
        return LastLeft(place < 0 ? ~place - 1 : place);
    }

    /// <summary>The last place up to this one of which documents are left; −1 where there is none.</summary>
    private int LastLeft(int place)
    {
        while (place >= 0 && Left(place) == 0) place--;
        return place;
    }
}
