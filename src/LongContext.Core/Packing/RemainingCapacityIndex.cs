using System.Numerics;

namespace LongContext.Packing;

/// <summary>
/// Open bins by remaining capacity: a stack of bins per capacity and, above the stacks, a tree of 64-bit words whose bits say
/// which are not empty. The tightest bin that fits is found in log₆₄(capacity) steps: three for a 32K context. Where the capacities are too many for
/// that, a sorted set takes their place: slower, but its memory depends on the bins alone.
/// </summary>
internal sealed class RemainingCapacityIndex
{
    /// <summary>Up to so many capacities there is a stack for each (256 MiB).</summary>
    public const int MostStacks = 1 << 26;

    private readonly int shortest;
    private readonly SortedSet<(int Remaining, long LatestFirst, int Bin)>? sorted; // instead of all below
    private long added;
    private readonly int[] top;         // per capacity: the bin on top of its stack, or -1
    private int[] below;                // per bin: the bin below it in its stack, or -1
    private readonly ulong[][] levels;  // levels[0] has a bit per capacity, levels[k + 1] a bit per word of levels[k]

    /// <param name="bins">Bins to have room for at first; it grows with them.</param>
    /// <param name="capacity">What an empty bin holds.</param>
    /// <param name="shortest">
    /// The shortest item's length. A bin with less room is full for good, and one that holds an item has at most capacity −
    /// shortest left, so only capacities between the two are kept.
    /// </param>
    /// <param name="mostStacks">From more capacities on they are kept in a sorted set.</param>
    public RemainingCapacityIndex(int bins, int capacity, int shortest, int mostStacks = MostStacks)
    {
        this.shortest = shortest;
        int size = (int)Math.Max(1, (long)capacity - (2L * shortest) + 1);
        if (size > mostStacks)
        {
            (sorted, top, below, levels) = ([], [], [], []);
            return;
        }

        top = new int[size];
        Array.Fill(top, -1);
        below = new int[bins];
        List<ulong[]> built = [];
        do
        {
            size = (size / 64) + 1;
            built.Add(new ulong[size]);
        }
        while (size > 1);
        levels = [.. built];
    }

    /// <summary>Puts a bin in with the room it has left; one without room for the shortest item is left out.</summary>
    public void Add(int bin, int remaining)
    {
        if (remaining < shortest) return;
        if (sorted is not null)
        {
            sorted.Add((remaining, -added++, bin));
            return;
        }

        if (bin >= below.Length) Array.Resize(ref below, Math.Max(bin + 1, 2 * below.Length));
        int at = remaining - shortest;
        below[bin] = top[at];
        top[at] = bin;
        foreach (ulong[] level in levels)
        {
            level[at >> 6] |= 1UL << at;
            at >>= 6;
        }
    }

    /// <summary>Takes out a bin with the least room that is at least <paramref name="length"/>.</summary>
    public bool TryTakeTightest(int length, out int bin, out int remaining)
    {
        if (sorted is not null)
        {
            // Where there is none, all of it is 0; no bin that is kept has no room.
            var least = sorted.GetViewBetween((length, long.MinValue, 0), (int.MaxValue, long.MaxValue, int.MaxValue)).Min;
            (bin, remaining) = least.Remaining == 0 ? (-1, 0) : (least.Bin, least.Remaining);
            return sorted.Remove(least);
        }

        int at = Successor(length - shortest);
        if (at < 0)
        {
            (bin, remaining) = (-1, 0);
            return false;
        }

        bin = top[at];
        remaining = at + shortest;
        top[at] = below[bin];
        if (top[at] < 0) Clear(at);
        return true;
    }

    /// <summary>The first non-empty capacity from <paramref name="at"/> on, or −1.</summary>
    private int Successor(int at)
    {
        for (int k = 0; k < levels.Length; k++)
        {
            int word = at >> 6;
            if (word >= levels[k].Length) return -1;
            ulong rest = levels[k][word] & (ulong.MaxValue << at);
            if (rest != 0)
            {
                at = (word << 6) + BitOperations.TrailingZeroCount(rest);
                for (; k > 0; k--) at = (at << 6) + BitOperations.TrailingZeroCount(levels[k - 1][at]);
                return at;
            }

            at = word + 1;
        }

        return -1;
    }

    private void Clear(int at)
    {
        foreach (ulong[] level in levels)
        {
            level[at >> 6] &= ~(1UL << at);
            if (level[at >> 6] != 0) return;
            at >>= 6;
        }
    }
}
