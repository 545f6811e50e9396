namespace LongContext.Packing;

/// <summary>How many sequences there are of each length: all that packing a whole data set needs to know of it. Immutable.</summary>
/// <remarks>Memory: 12 bytes for each length that occurs, however many sequences there are.</remarks>
public sealed partial class LengthHistogram
{
    private readonly int[] lengths;
    private readonly long[] counts;

    /// <param name="lengths">Ascending, from 1.</param>
    /// <param name="counts">As many, each at least 1.</param>
    private LengthHistogram(int[] lengths, long[] counts)
    {
        this.lengths = lengths;
        this.counts = counts;
        for (int i = 0; i < lengths.Length; i++)
        {
            SequenceCount = checked(SequenceCount + counts[i]);
            TokenCount = checked(TokenCount + (counts[i] * lengths[i]));
        }
    }

    /// <summary>The lengths that occur, ascending.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    /// <summary>How many sequences have each of <see cref="Lengths"/>; each at least 1.</summary>
    public ReadOnlySpan<long> Counts => counts;

    /// <summary>Number of sequences.</summary>
    public long SequenceCount { get; }

    /// <summary>Number of tokens in them.</summary>
    public long TokenCount { get; }

    /// <summary>The shortest length; 0 where there is no sequence.</summary>
    public int MinimumLength => lengths.Length == 0 ? 0 : lengths[0];

    /// <summary>The longest length; 0 where there is no sequence.</summary>
    public int MaximumLength => lengths.Length == 0 ? 0 : lengths[^1];

    /// <summary>The mean length; 0 where there is no sequence.</summary>
    public double MeanLength => SequenceCount == 0 ? 0 : (double)TokenCount / SequenceCount;

    /// <summary>Sequences of one length; 0 where there is none.</summary>
    /// <param name="length">Any number.</param>
    public long this[int length] => Array.BinarySearch(lengths, length) is >= 0 and var at ? counts[at] : 0;

    /// <summary>Counts lengths.</summary>
    /// <param name="sequenceLengths">One for each sequence, at least 1. May be empty.</param>
    /// <exception cref="ArgumentException">A length is below 1; the message names its index.</exception>
    public static LengthHistogram FromLengths(ReadOnlySpan<int> sequenceLengths) => LengthCounting.Count(sequenceLengths, (l, c) => new LengthHistogram(l, c));

    /// <summary>Takes counts that are there already.</summary>
    /// <param name="countsByLength">How many sequences have the length that is the index, from 0 (which must be 0: nothing is empty).</param>
    /// <exception cref="ArgumentException">A count is below 0, or sequences of no length are counted.</exception>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 tokens.</exception>
    public static LengthHistogram FromCounts(ReadOnlySpan<long> countsByLength)
    {
        List<int> found = [];
        List<long> foundCounts = [];
        for (int length = 0; length < countsByLength.Length; length++)
        {
            long count = countsByLength[length];
            if (count < 0 || (count > 0 && length == 0))
                throw new ArgumentException($"{count} sequences of length {length}, expected {(length == 0 ? "none: a sequence has at least one token" : "at least 0")}.", nameof(countsByLength));
            if (count == 0) continue;
            found.Add(length);
            foundCounts.Add(count);
        }

        return new LengthHistogram([.. found], [.. foundCounts]);
    }

    /// <summary>Takes lengths that are ascending, from 1, with their counts, each at least 1.</summary>
    internal static LengthHistogram FromAscending(IEnumerable<(int Length, long Count)> lengths)
    {
        (int Length, long Count)[] all = [.. lengths];
        return new LengthHistogram([.. all.Select(item => item.Length)], [.. all.Select(item => item.Count)]);
    }

    /// <summary>The histogram of two data sets together.</summary>
    /// <param name="other">The other one's histogram.</param>
    /// <exception cref="OverflowException">More than 2⁶³ − 1 tokens.</exception>
    public LengthHistogram Merge(LengthHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        List<int> merged = new(lengths.Length + other.lengths.Length);
        List<long> mergedCounts = new(merged.Capacity);
        for (int i = 0, j = 0; i < lengths.Length || j < other.lengths.Length;)
        {
            int mine = i < lengths.Length ? lengths[i] : int.MaxValue, theirs = j < other.lengths.Length ? other.lengths[j] : int.MaxValue;
            int next = Math.Min(mine, theirs);
            long count = 0;
            if (i < lengths.Length && mine == next) count = counts[i++];
            if (j < other.lengths.Length && theirs == next) count = checked(count + other.counts[j++]);
            merged.Add(next);
            mergedCounts.Add(count);
        }

        return new LengthHistogram([.. merged], [.. mergedCounts]);
    }
}
