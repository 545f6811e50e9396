using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Packing;

/// <summary>Counts lengths: one table entry a length where the lengths are not far apart, else by sorting.</summary>
internal static class LengthCounting
{
    /// <summary>Up to this the lanes' tables together stay within a core's second-level cache.</summary>
    private const int LongestInLanes = 1 << 15;

    /// <summary>Up to which length a table is worth its memory and the time to clear it.</summary>
    /// <param name="items">How many lengths there are.</param>
    public static int LargestTable(int items) => (int)Math.Min(Math.Max(1L << 16, 4L * items), Array.MaxLength - 1);

    /// <exception cref="ArgumentException">A length is below 1; the message names its index.</exception>
    public static T Count<T>(ReadOnlySpan<int> lengths, Func<int[], long[], T> create)
    {
        if (lengths.IsEmpty) return create([], []);
        (int least, int longest) = Range(lengths);
        if (least < 1) throw new ArgumentException($"Item {lengths.IndexOf(least)} has length {least}, expected at least 1.", nameof(lengths));
        if (longest > LargestTable(lengths.Length)) return OfSorted(lengths, create);
        uint[] table = longest <= LongestInLanes && lengths.Length / 4 > longest ? InLanes(lengths, longest) : InOneTable(lengths, longest);
        int distinct = table.Length - table.AsSpan().Count(0u);
        int[] found = new int[distinct];
        long[] counts = new long[distinct];
        int at = 0;
        for (int length = 0; length < table.Length; length++)
        {
            if (table[length] == 0) continue;
            found[at] = length;
            counts[at++] = table[length];
        }

        return create(found, counts);
    }

    private static (int Least, int Longest) Range(ReadOnlySpan<int> lengths)
    {
        int least = int.MaxValue, longest = int.MinValue, i = 0;
        if (lengths.Length >= Vector<int>.Count)
        {
            ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<int, Vector<int>>(lengths);
            Vector<int> low = vectors[0], high = vectors[0];
            foreach (Vector<int> vector in vectors)
            {
                low = Vector.Min(low, vector);
                high = Vector.Max(high, vector);
            }

            for (int lane = 0; lane < Vector<int>.Count; lane++)
            {
                least = Math.Min(least, low[lane]);
                longest = Math.Max(longest, high[lane]);
            }

            i = vectors.Length * Vector<int>.Count;
        }

        for (; i < lengths.Length; i++)
        {
            least = Math.Min(least, lengths[i]);
            longest = Math.Max(longest, lengths[i]);
        }

        return (least, longest);
    }

    /// <summary>
    /// Neighbours count in tables of their own: where the same length comes several times in a row, adding to one place again and again
    /// would wait for the store before it.
    /// </summary>
    private static uint[] InLanes(ReadOnlySpan<int> lengths, int longest)
    {
        uint[] table = new uint[longest + 1], second = new uint[longest + 1], third = new uint[longest + 1], fourth = new uint[longest + 1];
        for (; lengths.Length >= 4; lengths = lengths[4..])
        {
            table[lengths[0]]++;
            second[lengths[1]]++;
            third[lengths[2]]++;
            fourth[lengths[3]]++;
        }

        foreach (int length in lengths) table[length]++;
        for (int length = 0; length < table.Length; length++) table[length] += second[length] + third[length] + fourth[length];
        return table;
    }

    private static uint[] InOneTable(ReadOnlySpan<int> lengths, int longest)
    {
        uint[] table = new uint[longest + 1];
        foreach (int length in lengths) table[length]++;
        return table;
    }

    private static T OfSorted<T>(ReadOnlySpan<int> lengths, Func<int[], long[], T> create)
    {
        int[] sorted = lengths.ToArray();
        Array.Sort(sorted);
        List<int> found = [];
        List<long> counts = [];
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            for (end = start + 1; end < sorted.Length && sorted[end] == sorted[start]; end++)
            {
            }

            found.Add(sorted[start]);
            counts.Add(end - start);
        }

        return create([.. found], [.. counts]);
    }
}
