using System.Numerics;

namespace LongContext.Data.Reports;

/// <summary>Exact counts of lengths: an array up to about a million tokens (8 MiB at most), a dictionary of those beyond.</summary>
internal sealed class LengthCounts
{
    private const int ArrayBound = 1 << 20;

    private readonly Dictionary<int, long> beyond = [];
    private long[] counts = new long[1024];

    public long Sequences { get; private set; }

    public long Tokens { get; private set; }

    public void Add(int length, long times = 1)
    {
        Sequences += times;
        Tokens += times * length;
        if (length >= ArrayBound)
        {
            beyond[length] = beyond.GetValueOrDefault(length) + times;
            return;
        }

        if (length >= counts.Length) Array.Resize(ref counts, (int)BitOperations.RoundUpToPowerOf2((uint)length + 1));
        counts[length] += times;
    }

    /// <summary>The lengths that occur, ascending.</summary>
    public IEnumerable<(int Length, long Count)> Ascending()
    {
        for (int length = 0; length < counts.Length; length++)
        {
            if (counts[length] > 0) yield return (length, counts[length]);
        }

        foreach ((int length, long count) in beyond.OrderBy(pair => pair.Key)) yield return (length, count);
    }

    public LengthSummary Summary()
    {
        if (Sequences == 0) return new LengthSummary(0, 0, 0, 0, 0, 0);
        return new LengthSummary(Ascending().First().Length, (double)Tokens / Sequences, Quantile(50), Quantile(90), Quantile(99), Ascending().Last().Length);
    }

    public IReadOnlyList<LengthBucket> Buckets()
    {
        SortedDictionary<int, (long Sequences, long Tokens)> byPower = [];
        foreach ((int length, long count) in Ascending())
        {
            int power = BitOperations.Log2((uint)length);
            (long sequences, long tokens) = byPower.GetValueOrDefault(power);
            byPower[power] = (sequences + count, tokens + (count * length));
        }

        if (byPower.Count == 0) return [];
        // Empty ones in between stay, so that a picture of them is to scale.
        int first = byPower.Keys.First(), last = byPower.Keys.Last();
        return [.. Enumerable.Range(first, last - first + 1).Select(power =>
        {
            (long sequences, long tokens) = byPower.GetValueOrDefault(power);
            return new LengthBucket(1 << power, (int)((1L << (power + 1)) - 1), sequences, tokens);
        })];
    }

    private int Quantile(int percent)
    {
        // The rank as a whole number: ⌈percent · n / 100⌉ without the rounding of floating point.
        Int128 rank = (((Int128)Sequences * percent) + 99) / 100;
        Int128 sum = 0;
        foreach ((int length, long count) in Ascending())
        {
            if ((sum += count) >= rank) return length;
        }

        return 0;
    }
}
